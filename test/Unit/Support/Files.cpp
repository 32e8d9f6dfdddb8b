// Mapped files hand out nothing beyond their end; written files appear whole or not at all.
#include "tp/Support/AtomicFile.h"
#include "tp/Support/MappedFile.h"

#include "Expect.h"

#include <fstream>
#include <sys/stat.h>

namespace tp {
namespace {

size_t entriesOf(const TemporaryFolder &folder) {
  return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(folder.path), {}));
}

TEST(MappedFile, rangesAreChecked) {
  TemporaryFolder folder;
  writeFile(folder / "x", "abcdef");
  MappedFile file(folder / "x");
  EXPECT_EQ(file.size(), 6u);
  EXPECT_EQ(std::string_view(file.bytes(2, 4), 4), "cdef");
  EXPECT_NO_THROW(file.bytes(6, 0));
  EXPECT_TRUE(contains(errorOf([&] { file.bytes(2, 5); }), "ends at byte 6, but 5 bytes from byte 2 on are needed"));
  EXPECT_TRUE(contains(errorOf([&] { file.bytes(7, 0); }), "ends at byte 6"));
  EXPECT_TRUE(contains(errorOf([&] { file.bytes(1, ~uint64_t(0)); }), "ends at byte 6"));
}

TEST(MappedFile, emptyMissingAndFolder) {
  TemporaryFolder folder;
  writeFile(folder / "empty", "");
  EXPECT_EQ(MappedFile(folder / "empty").size(), 0u);
  EXPECT_TRUE(contains(errorOf([&] { MappedFile file(folder / "none"); }), "No such file"));
  EXPECT_TRUE(contains(errorOf([&] { MappedFile file(folder.path.string()); }), "it is a folder, a file is needed"));
}

TEST(MappedFile, movesKeepOneMapping) {
  TemporaryFolder folder;
  writeFile(folder / "x", "abc");
  MappedFile first(folder / "x");
  MappedFile second(std::move(first));
  EXPECT_EQ(second.text(), "abc");
  first = std::move(second);
  EXPECT_EQ(first.text(), "abc");
}

TEST(MappedFile, readsWithoutTheMapping) {
  TemporaryFolder folder;
  writeFile(folder / "x", "abcdef");
  MappedFile file(folder / "x");
  std::string part(3, ' ');
  file.read(2, 3, part.data());
  EXPECT_EQ(part, "cde");
  EXPECT_TRUE(contains(errorOf([&] { file.read(4, 3, part.data()); }), "ends at byte 6"));
  std::filesystem::resize_file(folder / "x", 3);
  EXPECT_TRUE(contains(errorOf([&] { file.read(2, 3, part.data()); }), "was cut short while it was being read"));
}

// The bytes are gone while someone reads them: an error that names the file, where there would be a bus error.
TEST(MappedFileDeathTest, cutShortWhileMapped) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  TemporaryFolder folder;
  writeFile(folder / "weights", std::string(1 << 16, 'x'));
  auto readLost = [&] {
    endAtLostPages();
    MappedFile other(folder / "weights"), file(folder / "weights");
    other = MappedFile(folder / "weights");
    std::filesystem::resize_file(folder / "weights", 100);
    volatile char byte = file.bytes(40000, 1)[0];
    static_cast<void>(byte);
  };
  EXPECT_EXIT(readLost(), ::testing::ExitedWithCode(1), "^error: .*weights\" was cut short while it was being read");
}

TEST(AtomicFile, nothingIsThereUntilCommit) {
  TemporaryFolder folder;
  writeFile(folder / "x", "old");
  {
    AtomicFile file(folder / "x");
    file.write("new");
    EXPECT_EQ(readFile(folder / "x"), "old");
  } // given up
  EXPECT_EQ(readFile(folder / "x"), "old");
  EXPECT_EQ(entriesOf(folder), 1u);
  writeFile(folder / "x", "new");
  EXPECT_EQ(readFile(folder / "x"), "new");
  EXPECT_EQ(entriesOf(folder), 1u);
}

TEST(AtomicFile, linksAndModesStay) {
  TemporaryFolder folder;
  writeFile(folder / "x", "old");
  ::chmod((folder / "x").c_str(), 0640);
  std::filesystem::create_symlink("x", folder.path / "link");
  writeFile(folder / "link", "new");
  EXPECT_TRUE(std::filesystem::is_symlink(folder.path / "link"));
  EXPECT_EQ(readFile(folder / "x"), "new");
  struct stat facts;
  ::stat((folder / "x").c_str(), &facts);
  EXPECT_EQ(facts.st_mode & 0777, 0640u);
}

TEST(AtomicFile, devicesAreWrittenInPlace) {
  writeFile("/dev/null", "abc");
  struct stat facts;
  ASSERT_EQ(::stat("/dev/null", &facts), 0);
  EXPECT_TRUE(S_ISCHR(facts.st_mode));
  if (::stat("/dev/full", &facts) == 0) {
    EXPECT_TRUE(contains(errorOf([] { writeFile("/dev/full", "abc"); }), "No space left on device"));
  }
}

TEST(AtomicFile, unfinishedFilesCanBeRemovedAtOnce) {
  TemporaryFolder folder;
  AtomicFile file(folder / "x");
  writeFile(folder / "y", "done");
  EXPECT_EQ(entriesOf(folder), 2u);
  removeUnfinishedFiles();
  EXPECT_EQ(entriesOf(folder), 1u);
}

TEST(AtomicFile, errorsNameTheFile) {
  TemporaryFolder folder;
  EXPECT_TRUE(contains(errorOf([&] { writeFile(folder / "none/x", "a"); }), "none/x\": No such file"));
  EXPECT_TRUE(contains(errorOf([&] { writeFile(folder.path.string(), "a"); }), "it is a folder"));
  EXPECT_TRUE(contains(errorOf([&] { readFile(folder / "none"); }), "No such file"));
}

} // namespace
} // namespace tp
