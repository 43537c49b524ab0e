// SPDX-License-Identifier: Apache-2.0
// Whole files in, whole files out: every system call is checked, every interruption retried.
#include "base/file.h"

#include "base/file_writer.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <optional>
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
  int release() { return std::exchange(number_, -1); }

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
    case ENXIO:
      return "; nothing reads from it";
    case ELOOP:
      return "; its symbolic links form a loop";
    case EEXIST:
      return "; choose another name, or allow it to be overwritten";
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

void write_all(int descriptor, std::span<const std::byte> bytes, const fs::path& path) {
  while (!bytes.empty()) {
    const std::size_t wanted = std::min(bytes.size(), largest_transfer);
    const ssize_t put = retried([&] { return ::write(descriptor, bytes.data(), wanted); });
    if (put < 0) fail(path, "cannot write", errno);
    if (put == 0) fail(path, "cannot write", EIO);
    bytes = bytes.subspan(static_cast<std::size_t>(put));
  }
}

/// Gives `from` the name `to` unless that exists: 0, or -1 and errno.
int rename_to_new(const fs::path& from, const fs::path& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return -1;
  if (::link(from.c_str(), to.c_str()) != 0) return -1;  // a file system without that call
  ::unlink(from.c_str());
  return 0;
}

/// A file under a temporary name beside its destination; removed unless it was renamed.
class TemporaryFile {
 public:
  /// `replaced`: the file that is at the destination now, or null.
  TemporaryFile(const fs::path& destination, const struct stat* replaced)
      : destination_(destination), descriptor_(create(replaced ? replaced->st_mode & 0777 : 0666)) {
    if (replaced) belong_as(*replaced);
  }
  ~TemporaryFile() {
    descriptor_.close();
    if (!renamed_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  void write(std::span<const std::byte> bytes) { write_all(descriptor_.get(), bytes, destination_); }

  /// After a failed fsync the kernel may have dropped the data: it is never asked a second time.
  void commit(bool replace) {
    if (::fsync(descriptor_.get()) != 0) fail(destination_, "cannot write", errno);
    if (!descriptor_.close()) fail(destination_, "cannot write", errno);
    const int result = replace ? ::rename(path_.c_str(), destination_.c_str()) : rename_to_new(path_, destination_);
    if (result != 0) fail(destination_, "cannot write", errno);
    renamed_ = true;
  }

 private:
  /// Opens a name that nobody has; one left behind by a killed process of the same id is stepped over.
  int create(mode_t mode) {
    static std::atomic<unsigned> counter{0};
    for (int attempt = 0; attempt < 1000; ++attempt) {
      path_ = destination_.parent_path() / message(".duhdr-", ::getpid(), '-', counter++, ".tmp");
      const int descriptor =
          retried([&] { return ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode); });
      if (descriptor >= 0) return descriptor;
      if (errno != EEXIST) break;
    }
    fail(destination_, "cannot create a file in its folder", errno);
  }

  /// Owner, group and permissions of another file, as far as we may. A group that we cannot give gets no rights.
  void belong_as(const struct stat& other) const {
    struct stat own {};
    if (::fstat(descriptor_.get(), &own) != 0) return;
    constexpr auto same = static_cast<uid_t>(-1);
    if (own.st_uid != other.st_uid) (void)!::fchown(descriptor_.get(), other.st_uid, same);
    const bool grouped = own.st_gid == other.st_gid || ::fchown(descriptor_.get(), same, other.st_gid) == 0;
    const mode_t mode = other.st_mode & (grouped ? 0777 : 0707);
    if ((own.st_mode & 07777) != mode) (void)!::fchmod(descriptor_.get(), mode);  // if not: it has fewer rights
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
  if (!descriptor.valid() && errno == EACCES) return;  // one may write there, but not read: nothing can be synchronised
  if (!descriptor.valid() || (::fsync(descriptor.get()) != 0 && errno != EINVAL))
    fail(path, "written, but its folder could not be synchronised to disk", errno);
}

/// The name that the symbolic links at `path` lead to. A loop stays where it is.
fs::path behind_links(fs::path path) {
  constexpr int most = 40;  // as the system's own limit
  std::error_code none;
  for (int i = 0; i < most; ++i) {
    const fs::path next = fs::read_symlink(path, none);
    if (none) break;
    path = path.parent_path() / next;  // an absolute one replaces all
  }
  return path;
}

/// Whether this name is that very file. Links in /proc to open files (/dev/stdout) have texts that are no names.
bool is_named(const fs::path& path, const struct stat& file) {
  struct stat status {};
  return ::lstat(path.c_str(), &status) == 0 && status.st_dev == file.st_dev && status.st_ino == file.st_ino;
}

/// Writes into what is there. A pipe must have a reader: waiting for one could last for ever.
void write_into(const fs::path& path, std::span<const std::byte> bytes) {
  Descriptor descriptor(
      retried([&] { return ::open(path.c_str(), O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC); }));
  if (!descriptor.valid() || ::fcntl(descriptor.get(), F_SETFL, O_WRONLY) != 0) fail(path, "cannot write", errno);
  write_all(descriptor.get(), bytes, path);
  if (!descriptor.close()) fail(path, "cannot write", errno);
}

/// Zero bytes. Many of them lie on large pages, each of which is one page fault instead of 512.
Bytes zero_bytes(std::size_t size) {
  constexpr std::uintptr_t page = 4096;
  Bytes bytes;
  bytes.reserve(size);
  const auto begin = (reinterpret_cast<std::uintptr_t>(bytes.data()) + page - 1) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(bytes.data()) + size;
  if (begin < end) (void)::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);  // a hint
  bytes.resize(size);
  return bytes;
}

/// What stat() says of a destination; nothing when there is none. Throws io for a folder.
std::optional<struct stat> status_of(const fs::path& path) {
  struct stat status {};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) fail(path, "cannot write", errno);
  if (exists && S_ISDIR(status.st_mode)) fail(path, "cannot write", EISDIR);
  return exists ? std::optional(status) : std::nullopt;
}

/// Whether it is a regular file of the name `target`, which another one may take.
bool is_replaceable(const struct stat& status, const fs::path& target) {
  return S_ISREG(status.st_mode) && is_named(target, status);
}

}  // namespace

FileReader::FileReader(fs::path path, std::uint64_t limit, ExitCode bad_content)
    : path_(std::move(path)), bad_content_(bad_content) {
  // O_NONBLOCK: opening a pipe without a writer must not hang.
  Descriptor descriptor(retried([&] { return ::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); }));
  if (!descriptor.valid() && (errno == ELOOP || errno == ENXIO))
    throw Error(bad_content, message(shown(path_), ": not a regular file (",
                                     errno == ELOOP ? "its symbolic links form a loop" : "a socket", ")"));
  struct stat status {};
  if (!descriptor.valid() || ::fstat(descriptor.get(), &status) != 0) fail(path_, "cannot open", errno);
  if (!S_ISREG(status.st_mode))
    throw Error(bad_content, message(shown(path_), ": not a regular file (", kind_of(status.st_mode), ")"));
  size_ = static_cast<std::uint64_t>(status.st_size);
  if (size_ > limit)
    throw Error(bad_content, message(shown(path_), ": file too large (", size_, " bytes, at most ", limit, ")"));
  descriptor_ = descriptor.release();
}

FileReader::~FileReader() { const Descriptor closed(descriptor_); }

void FileReader::changed(const std::string& at_the_end) const {
  throw Error(bad_content_, message(shown(path_), ": file changed while it was read (", size_, " bytes at first, ",
                                    at_the_end, " at the end); try again"));
}

void FileReader::read(std::span<std::byte> to) {
  const std::size_t got = read_into(descriptor_, to, path_);
  done_ += got;
  if (got != to.size()) changed(std::to_string(done_));
}

void FileReader::finish() {
  std::byte beyond{};
  const ssize_t more = retried([&] { return ::read(descriptor_, &beyond, 1); });
  if (more < 0 && size_ > 0) fail(path_, "cannot read", errno);
  if (more < 0)  // as /proc/self/mem
    throw Error(bad_content_, message(shown(path_), ": not a regular file (it has 0 bytes and cannot be read)"));
  if (more != 0) changed("more");
}

Bytes read_file(const fs::path& path, std::uint64_t limit, ExitCode bad_content) {
  FileReader file(path, limit, bad_content);
  Bytes bytes = zero_bytes(file.size());
  file.read(bytes);
  file.finish();
  return bytes;
}

void write_file(const fs::path& path, std::span<const std::byte> bytes) {
  const std::optional<struct stat> status = status_of(path);
  const fs::path target = behind_links(path);
  if (status && !is_replaceable(*status, target)) return write_into(path, bytes);
  TemporaryFile file(target, status ? &*status : nullptr);
  file.write(bytes);
  file.commit(true);
  sync_folder_of(target);
}

void write_new_file(const fs::path& path, std::span<const std::byte> bytes) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) == 0) fail(path, "cannot write", EEXIST);
  if (errno != ENOENT) fail(path, "cannot write", errno);
  TemporaryFile file(path, nullptr);
  file.write(bytes);
  file.commit(false);
  sync_folder_of(path);
}

struct FileWriter::Parts {
  fs::path target;
  TemporaryFile file;
};

FileWriter::FileWriter(const fs::path& path) {
  const std::optional<struct stat> status = status_of(path);
  const fs::path target = behind_links(path);
  if (status && !is_replaceable(*status, target))
    throw Error(ExitCode::io, message(shown(path), ": cannot write (not a regular file); name another"));
  parts_.reset(new Parts{target, TemporaryFile(target, status ? &*status : nullptr)});
}

FileWriter::~FileWriter() = default;

void FileWriter::write(std::string_view text) { parts_->file.write(std::as_bytes(std::span(text))); }

void FileWriter::commit() {
  parts_->file.commit(true);
  sync_folder_of(parts_->target);
}

}  // namespace duhdr
