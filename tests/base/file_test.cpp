// SPDX-License-Identifier: Apache-2.0
// Files: what is read and refused, what a failed write leaves behind, and SHA-256 against its published vectors.
#include "base/file.h"
#include "base/file_writer.h"
#include "base/sha256.h"
#include "base/writable.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <thread>

namespace duhdr {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t limit = 1 << 20;

std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(const Bytes& bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

/// Runs `call`, which must throw an Error with this code whose one-line message holds `part`.
void expect_error(const std::function<void()>& call, ExitCode code, const std::string& part) {
  try {
    call();
    ADD_FAILURE() << "no error; expected: " << part;
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), code) << error.what();
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
  }
}

class Files : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = fs::temp_directory_path() / "duhdr-file-test-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder = name;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
  }
  void expect_unreadable(const fs::path& path, ExitCode code, const std::string& part) const {
    expect_error([&] { read_file(path, limit, ExitCode::bad_image); }, code, part);
  }
  void expect_unwritable(const fs::path& path, const std::string& part) const {
    expect_error([&] { write_file(path, bytes_of("new")); }, ExitCode::io, part);
  }

  fs::path folder;
};

TEST_F(Files, WritesReadsAndReplaces) {
  const fs::path path = folder / "a b\n.bin";
  for (const std::size_t size : {0, 1, 4096, 300000}) {
    std::string text(size, 'x');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i * 7 % 256);
    write_file(path, bytes_of(text));
    EXPECT_EQ(text_of(read_file(path, limit, ExitCode::bad_image)), text);
    EXPECT_EQ(entries(), 1u);
  }
}

TEST_F(Files, WritesIntoTheWorkingDirectory) {
  const fs::path before = fs::current_path();
  fs::current_path(folder);
  write_file("plain.txt", bytes_of("hello"));
  fs::current_path(before);
  EXPECT_EQ(text_of(read_file(folder / "plain.txt", limit, ExitCode::bad_image)), "hello");
}

TEST_F(Files, LongestNameCanBeWritten) {
  const fs::path path = folder / std::string(255, 'n');
  write_file(path, bytes_of("hello"));
  EXPECT_EQ(fs::file_size(path), 5u);
}

TEST_F(Files, RefusesWhatIsNotAReadableRegularFile) {
  expect_unreadable(folder / "missing", ExitCode::io, "No such file");
  expect_unreadable(folder, ExitCode::bad_image, "a directory");
  expect_unreadable("/dev/zero", ExitCode::bad_image, "a device");
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_unreadable(folder / "pipe", ExitCode::bad_image, "a pipe");
  fs::create_symlink("loop", folder / "loop");
  expect_unreadable(folder / "loop", ExitCode::bad_image, "its symbolic links form a loop");
  expect_unreadable(folder / "loop" / "file", ExitCode::bad_image, "its symbolic links form a loop");
  if (fs::exists("/proc/self/mem")) expect_unreadable("/proc/self/mem", ExitCode::bad_image, "not a regular file");
  write_file(folder / "file", bytes_of("x"));
  expect_unreadable(folder / "file" / "below", ExitCode::io, "not a folder");
  expect_unreadable(folder / "esc\x1b[2J\nname", ExitCode::io, "esc\\x1b[2J\\x0aname");
  expect_unreadable(folder / std::string(256, 'n'), ExitCode::io, "shorter name");
}

TEST_F(Files, HoldsTheSizeLimit) {
  write_file(folder / "file", bytes_of("12345"));
  EXPECT_EQ(read_file(folder / "file", 5, ExitCode::bad_image).size(), 5u);
  expect_error([&] { read_file(folder / "file", 4, ExitCode::bad_weights); }, ExitCode::bad_weights,
               "5 bytes, at most 4");
  fs::resize_file(folder / "file", std::uintmax_t{1} << 40);  // sparse: refused before memory is asked for
  expect_error([&] { read_file(folder / "file", limit, ExitCode::bad_weights); }, ExitCode::bad_weights, "too large");
}

TEST_F(Files, NoticesAFileThatGrows) {
  // A file under /proc says it has 0 bytes and then has some.
  if (!fs::exists("/proc/self/status")) GTEST_SKIP() << "no /proc";
  expect_unreadable("/proc/self/status", ExitCode::bad_image, "changed while it was read");
}

TEST_F(Files, IsReadPieceByPieceAndNoticesChanges) {
  const fs::path path = folder / "file";
  write_file(path, bytes_of("hello"));
  Bytes two(2), three(3);
  FileReader whole(path, limit, ExitCode::bad_weights), shrinks(path, limit, ExitCode::bad_weights);
  EXPECT_EQ(whole.size(), 5u);
  whole.read(two);
  whole.read(three);
  EXPECT_EQ(text_of(two) + text_of(three), "hello");
  whole.finish();
  shrinks.read(two);
  fs::resize_file(path, 4);
  expect_error([&] { shrinks.read(three); }, ExitCode::bad_weights, "(5 bytes at first, 4 at the end)");
  FileReader grows(path, limit, ExitCode::bad_weights);
  fs::resize_file(path, 6);
  Bytes four(4);
  grows.read(four);
  expect_error([&] { grows.finish(); }, ExitCode::bad_weights, "(4 bytes at first, more at the end)");
}

TEST_F(Files, RefusesTargetsThatCannotBeReplaced) {
  expect_unwritable(folder / "no" / "such" / "folder", "check the path");
  expect_unwritable(folder, "Is a directory");
  expect_unwritable("/dev/full", "No space left");
  expect_unwritable(folder / std::string(256, 'n'), "shorter name");
  expect_unwritable("", "No such file");
  write_file(folder / "file", bytes_of("x"));
  expect_unwritable(folder / "file" / "below", "not a folder");
  EXPECT_EQ(entries(), 1u);
  EXPECT_TRUE(fs::is_character_file("/dev/full"));
}

TEST_F(Files, ALinkStaysAndItsTargetIsReplaced) {
  fs::create_directory(folder / "deep");
  write_file(folder / "deep" / "target", bytes_of("old"));
  fs::create_symlink("deep/target", folder / "relative");
  fs::create_symlink(folder / "relative", folder / "twice");
  write_file(folder / "twice", bytes_of("new"));
  EXPECT_EQ(text_of(read_file(folder / "deep" / "target", limit, ExitCode::bad_image)), "new");
  EXPECT_TRUE(fs::is_symlink(folder / "twice") && fs::is_symlink(folder / "relative"));
  fs::create_symlink("deep/made", folder / "dangling");
  write_file(folder / "dangling", bytes_of("made"));
  EXPECT_EQ(text_of(read_file(folder / "deep" / "made", limit, ExitCode::bad_image)), "made");
  fs::create_symlink("loop", folder / "loop");
  expect_unwritable(folder / "loop", "form a loop");
  EXPECT_EQ(entries(), 5u);
}

TEST_F(Files, PipesAndDevicesAreWrittenInto) {
  write_file("/dev/null", bytes_of("nothing"));
  EXPECT_TRUE(fs::is_character_file("/dev/null"));
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  expect_unwritable(folder / "pipe", "nothing reads from it");
  const int end = ::open((folder / "pipe").c_str(), O_RDONLY | O_NONBLOCK);
  ASSERT_GE(end, 0);
  ASSERT_EQ(::fcntl(end, F_SETFL, 0), 0);
  std::string got;
  std::thread reader([&] {
    std::array<char, 4096> part{};
    do {  // until the writer closes; before it opens there is nothing either
      const ssize_t count = ::read(end, part.data(), part.size());
      got.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
    } while (got.size() < 200000);
  });
  const std::string large(200000, 'x');  // more than a pipe holds
  write_file(folder / "pipe", bytes_of(large));
  reader.join();
  ::close(end);
  EXPECT_EQ(got, large);
  EXPECT_TRUE(fs::is_fifo(folder / "pipe"));
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, AnOpenFileWithoutANameIsWrittenInto) {
  if (!fs::exists("/proc/self/fd")) GTEST_SKIP() << "no /proc";
  const int descriptor = ::open((folder / "gone").c_str(), O_RDWR | O_CREAT, 0600);
  ASSERT_GE(descriptor, 0);
  fs::remove(folder / "gone");
  write_file(message("/proc/self/fd/", descriptor), bytes_of("new"));  // a link to "<folder>/gone (deleted)"
  char text[4] = {};
  EXPECT_EQ(::pread(descriptor, text, 3, 0), 3);
  EXPECT_STREQ(text, "new");
  ::close(descriptor);
  EXPECT_EQ(entries(), 0u);
}

TEST_F(Files, PermissionsAreKept) {
  const fs::path path = folder / "file";
  const mode_t before = ::umask(022);
  write_file(path, bytes_of("new"));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777u, 0644u);
  for (const mode_t mode : {0600u, 0640u, 0666u, 0755u}) {
    ASSERT_EQ(::chmod(path.c_str(), mode), 0);
    write_file(path, bytes_of("newer"));
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777u, mode);
  }
  ::umask(before);
}

TEST_F(Files, OwnersAreKept) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  const fs::path path = folder / "file";
  write_file(path, bytes_of("old"));
  ASSERT_EQ(::chown(path.c_str(), 1234, 5678), 0);
  ASSERT_EQ(::chmod(path.c_str(), 0640), 0);
  write_file(path, bytes_of("new"));
  struct stat status {};
  ASSERT_EQ(::stat(path.c_str(), &status), 0);
  EXPECT_EQ(status.st_uid, 1234u);
  EXPECT_EQ(status.st_gid, 5678u);
  EXPECT_EQ(status.st_mode & 07777u, 0640u);
}

TEST_F(Files, ANewFileReplacesNothing) {
  const fs::path path = folder / "file";
  write_new_file(path, bytes_of("first"));
  const auto refuse = [&](const fs::path& there) {
    expect_error([&] { write_new_file(there, bytes_of("second")); }, ExitCode::io, "File exists");
  };
  refuse(path);
  refuse("/dev/null");
  fs::create_symlink("nowhere", folder / "dangling");
  refuse(folder / "dangling");
  EXPECT_EQ(text_of(read_file(path, limit, ExitCode::bad_image)), "first");
  EXPECT_EQ(entries(), 2u);
}

TEST_F(Files, OfTwoWritersOfANewFileOneWins) {
  for (int round = 0; round < 50; ++round) {
    const fs::path path = folder / std::to_string(round);
    std::atomic<int> won = 0, at_the_start = 0;
    const auto race = [&](char letter) {
      for (++at_the_start; at_the_start < 2;) {
      }
      try {
        write_new_file(path, bytes_of(std::string(5000, letter)));
        ++won;
      } catch (const Error& error) {
        EXPECT_EQ(error.code(), ExitCode::io);
      }
    };
    std::thread a(race, 'a'), b(race, 'b');
    a.join();
    b.join();
    EXPECT_EQ(won, 1);
    EXPECT_EQ(entries(), static_cast<std::size_t>(round + 1));
  }
}

TEST_F(Files, ReadOnlyFolderIsRefused) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may write everywhere";
  fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
  expect_unwritable(folder / "file", "permissions");
  fs::permissions(folder, fs::perms::owner_all);
}

TEST_F(Files, FullDiskLeavesTheOldFileAndNoOther) {
  const fs::path path = folder / "checkpoint";
  write_file(path, bytes_of("old"));
  // A limit on file sizes stands in for a full disk: the first write is cut short, the next one fails.
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto old_handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const std::string big(10000, 'n');
  expect_error([&] { write_file(path, bytes_of(big)); }, ExitCode::io, "ulimit -f");
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, old_handler);
  EXPECT_EQ(text_of(read_file(path, limit, ExitCode::bad_image)), "old");
  EXPECT_EQ(entries(), 1u);
}

TEST_F(Files, WrittenInPiecesAreThereWholeOrNotAtAll) {
  const fs::path path = folder / "file";
  write_file(path, bytes_of("old"));
  fs::create_symlink("file", folder / "link");
  FileWriter(folder / "link").write("given up");
  EXPECT_EQ(text_of(read_file(path, limit, ExitCode::internal)), "old");
  EXPECT_EQ(entries(), 2u);
  FileWriter writer(folder / "link");
  for (const char* piece : {"in ", "pieces"}) writer.write(piece);
  EXPECT_EQ(text_of(read_file(path, limit, ExitCode::internal)), "old") << "before all is there";
  writer.commit();
  EXPECT_EQ(text_of(read_file(path, limit, ExitCode::internal)), "in pieces");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(entries(), 2u);
  expect_error([&] { FileWriter refused(folder); }, ExitCode::io, "Is a directory");
  expect_error([&] { FileWriter refused("/dev/null"); }, ExitCode::io, "not a regular file");
}

TEST_F(Files, StaleTemporaryFilesAreSteppedOver) {
  for (int i = 0; i < 100; ++i) std::ofstream(folder / message(".duhdr-", ::getpid(), '-', i, ".tmp")) << "stale";
  write_file(folder / "file", bytes_of("new"));
  EXPECT_EQ(text_of(read_file(folder / "file", limit, ExitCode::bad_image)), "new");
  EXPECT_EQ(entries(), 101u);
}

TEST_F(Files, WritersOfOneFileDoNotMix) {
  const fs::path path = folder / "file";
  const auto write_many = [&](char letter) {
    for (int i = 0; i < 20; ++i) write_file(path, bytes_of(std::string(50000, letter)));
  };
  std::thread a(write_many, 'a');
  std::thread b(write_many, 'b');
  a.join();
  b.join();
  const std::string text = text_of(read_file(path, limit, ExitCode::bad_image));
  EXPECT_EQ(text, std::string(50000, text[0]));
  EXPECT_EQ(entries(), 1u);
}

TEST(Sha256, PublishedVectors) {  // FIPS 180-2, appendix B, and the empty message
  EXPECT_EQ(sha256({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256(bytes_of("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256(bytes_of("abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqr"
                            "lmnopqrsmnopqrstnopqrstu")),
            "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1");
  EXPECT_EQ(sha256(bytes_of(std::string(1000000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(Sha256, LengthsAroundTheBlockSize) {  // hashlib.sha256(b"a" * n)
  const std::pair<std::size_t, const char*> cases[] = {
      {55, "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
      {56, "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
      {63, "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
      {64, "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
      {65, "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"}};
  for (const auto& [size, expected] : cases) EXPECT_EQ(sha256(bytes_of(std::string(size, 'a'))), expected) << size;
}

TEST(WritableTest, SaysBeforehandWhatWritingWouldSay) {
  const fs::path folder = fs::temp_directory_path() / message("duhdr-writable-", ::getpid());
  fs::create_directories(folder / "inside");
  write_file(folder / "file", bytes_of("old"));
  fs::create_symlink("file", folder / "link");
  for (const char* name : {"file", "link", "new", "inside/new", "inside/../new"})
    EXPECT_NO_THROW(check_writable(folder / name));
  EXPECT_NO_THROW(check_writable("/dev/null"));
  EXPECT_NO_THROW(check_writable("a-name-in-the-working-directory"));
  for (const char* name : {"inside", "none/new", "file/new"}) {
    expect_error([&] { check_writable(folder / name); }, ExitCode::io, "cannot be written (");
    expect_error([&] { write_file(folder / name, bytes_of("new")); }, ExitCode::io, "");
  }
  expect_error([&] { check_writable(""); }, ExitCode::io, "");
  EXPECT_EQ(text_of(read_file(folder / "file", limit, ExitCode::internal)), "old");
  EXPECT_FALSE(fs::exists(folder / "new"));
  if (::geteuid() != 0) {  // root may write everywhere
    fs::permissions(folder, fs::perms::owner_read | fs::perms::owner_exec);
    expect_error([&] { check_writable(folder / "new"); }, ExitCode::io, "Permission denied");
    fs::permissions(folder, fs::perms::owner_all);
  }
  fs::remove_all(folder);
}

}  // namespace
}  // namespace duhdr
