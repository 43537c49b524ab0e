// SPDX-License-Identifier: Apache-2.0
// Whole files in, whole files out: every system call is checked, every interruption retried.
#include "base/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t largest_transfer = std::size_t{1} << 30;  // Linux moves at most 2 GiB in one call

/// A file descriptor that is closed on every way out.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return number_; }
  bool valid() const { return number_ >= 0; }

  /// False when the system reports a late write error.
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0 || errno == EINTR; }

 private:
  int number_;
};

const char* advice(int error) {
  switch (error) {
    case ENOENT:
      return "; check the path, and that its folder exists";
    case ENOTDIR:
      return "; a part of the path is not a folder";
    case EACCES:
    case EPERM:
      return "; check the permissions of the file and its folder";
    case EROFS:
      return "; choose a folder on a writable file system";
    case ENOSPC:
    case EDQUOT:
      return "; free some space or choose another folder";
    case EFBIG:
      return "; raise the limit for file sizes (ulimit -f) or choose another file system";
    case ENAMETOOLONG:
      return "; choose a shorter name";
    case EISDIR:
      return "; name a file, not a folder";
    case ELOOP:
      return "; its symbolic links form a loop";
    case EMFILE:
    case ENFILE:
      return "; raise the limit for open files (ulimit -n)";
    default:
      return "";
  }
}

[[noreturn]] void fail(const fs::path& path, std::string_view what, int error) {
  throw Error(ExitCode::io,
              message(shown(path), ": ", what, " (", std::generic_category().message(error), ")", advice(error)));
}

template <class Call>
auto retried(Call&& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// Reads until `buffer` is full or the file ends; returns the bytes read.
std::size_t read_into(int descriptor, std::span<std::byte> buffer, const fs::path& path) {
  std::size_t done = 0;
  while (done < buffer.size()) {
    const std::size_t wanted = std::min(buffer.size() - done, largest_transfer);
    const ssize_t got = retried([&] { return ::read(descriptor, buffer.data() + done, wanted); });
    if (got < 0) fail(path, "cannot read", errno);
    if (got == 0) break;
    done += static_cast<std::size_t>(got);
  }
  return done;
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

/// A file under a temporary name beside its destination; removed unless it was renamed.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& destination) : destination_(destination), descriptor_(create()) {}
  ~TemporaryFile() {
    descriptor_.close();
    if (!renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const std::size_t wanted = std::min(bytes.size(), largest_transfer);
      const ssize_t put = retried([&] { return ::write(descriptor_.get(), bytes.data(), wanted); });
      if (put < 0) fail(destination_, "cannot write", errno);
      if (put == 0) fail(destination_, "cannot write", EIO);
      bytes = bytes.subspan(static_cast<std::size_t>(put));
    }
  }

  /// After a failed fsync the kernel may have dropped the data: it is never asked a second time.
  void commit() {
    if (::fsync(descriptor_.get()) != 0) fail(destination_, "cannot write", errno);
    if (!descriptor_.close()) fail(destination_, "cannot write", errno);
    if (::rename(path_.c_str(), destination_.c_str()) != 0) fail(destination_, "cannot write", errno);
    renamed_ = true;
  }

 private:
  /// Opens a name that nobody has; one left behind by a killed process of the same id is stepped over.
  int create() {
    static std::atomic<unsigned> counter{0};
    for (int attempt = 0; attempt < 1000; ++attempt) {
      path_ = destination_.parent_path() / message(".duhdr-", ::getpid(), '-', counter++, ".tmp");
      const int descriptor =
          retried([&] { return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666); });
      if (descriptor >= 0) return descriptor;
      if (errno != EEXIST) break;
    }
    fail(destination_, "cannot create a file in its folder", errno);
  }

  fs::path destination_;
  fs::path path_;
  Descriptor descriptor_;
  bool renamed_ = false;
};

/// Makes the new name last through a power cut. File systems that cannot do this for a folder answer EINVAL.
void sync_folder_of(const fs::path& path) {
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const Descriptor descriptor(retried([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }));
  if (!descriptor.valid() || (::fsync(descriptor.get()) != 0 && errno != EINVAL))
    fail(path, "written, but its folder could not be synchronised to disk", errno);
}

}  // namespace

Bytes read_file(const fs::path& path, std::uint64_t limit, ExitCode bad_content) {
  // O_NONBLOCK: opening a pipe without a writer must not hang.
  const Descriptor descriptor(retried([&] { return ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }));
  struct stat status {};
  if (!descriptor.valid() || ::fstat(descriptor.get(), &status) != 0) fail(path, "cannot open", errno);
  if (!S_ISREG(status.st_mode))
    throw Error(bad_content, message(shown(path), ": not a regular file (", kind_of(status.st_mode), ")"));
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size > limit)
    throw Error(bad_content, message(shown(path), ": file too large (", size, " bytes, at most ", limit, ")"));

  Bytes bytes(size);
  const std::size_t got = read_into(descriptor.get(), bytes, path);
  std::byte beyond{};
  if (got != size || read_into(descriptor.get(), {&beyond, 1}, path) != 0)
    throw Error(bad_content, message(shown(path), ": file changed while it was read (", size, " bytes at first, ",
                                     got == size ? "more" : std::to_string(got), " at the end); try again"));
  return bytes;
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0) {
    if (S_ISDIR(status.st_mode)) fail(path, "cannot write", EISDIR);
    if (!S_ISREG(status.st_mode))
      throw Error(ExitCode::io, message(shown(path), ": cannot write (", kind_of(status.st_mode),
                                        ", not a regular file); choose another name"));
  } else if (errno != ENOENT) {
    fail(path, "cannot write", errno);
  }
  TemporaryFile file(path);
  file.write(bytes);
  file.commit();
  sync_folder_of(path);
}

}  // namespace duhdr
