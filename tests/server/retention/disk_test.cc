#include "server/retention/disk.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

TEST(RetentionDisk, RoomOfAFolder) {
  const base::TempFolder folder;
  const auto room = RoomOf(folder.path());
  ASSERT_TRUE(room);
  EXPECT_GT(room->free_bytes, 0);
  EXPECT_NE(room->device, 0u);
  EXPECT_FALSE(RoomOf(folder.path() + "/none"));
}

TEST(RetentionDisk, CO11_PeopleAreToldThatADiskIsFull) {
  const base::TempFolder folder;
  const std::string none = folder.path() + "/none";
  EXPECT_EQ(DiskWatch({folder.path(), none}, 0).Trouble(), "");
  EXPECT_EQ(DiskWatch({folder.path(), none}, 1).Trouble(), "");
  const std::string full = DiskWatch({none, folder.path()}, std::int64_t{1} << 60).Trouble();
  EXPECT_EQ(full.find("disk full: "), 0u) << full;
}

TEST(RetentionDisk, CO14_TheReserveTakesUpRoomUntilItIsGivenUp) {
  const base::TempFolder folder;
  if (RoomOf(folder.path())->free_bytes < 4 * DiskReserve::kBytes) GTEST_SKIP() << "no room here";
  DiskReserve reserve(folder.path() + "/reserve");
  EXPECT_FALSE(reserve.GiveUp());
  reserve.Make();
  struct stat info {};
  ASSERT_EQ(::stat(reserve.path().c_str(), &info), 0);
  EXPECT_EQ(info.st_size, DiskReserve::kBytes);
  EXPECT_GE(info.st_blocks * 512, DiskReserve::kBytes);  // not sparse
  reserve.Make();                                        // there already
  EXPECT_TRUE(reserve.GiveUp());
  EXPECT_FALSE(std::filesystem::exists(reserve.path()));
}

}  // namespace
}  // namespace tapiary::server
