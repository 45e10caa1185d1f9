#include "capture/ot/mms/names.h"

#include <gtest/gtest.h>

namespace tapiary::capture::mms {
namespace {

TEST(MmsNames, KnownAndUnknown) {
  EXPECT_EQ(ServiceName(5), "write");
  EXPECT_EQ(ServiceName(77), "file_directory");
  EXPECT_EQ(ServiceName(4000), "unknown_service");
  EXPECT_EQ(UnconfirmedName(0), "information_report");
  EXPECT_EQ(ObjectClassName(9), "domain");
  EXPECT_EQ(ObjectClassName(-1), "unknown");
  EXPECT_EQ(AccessErrorName(10), "object_non_existent");
  EXPECT_EQ(AccessErrorName(-3), "");
  EXPECT_EQ(ErrorClassName(7), "access");
}

}  // namespace
}  // namespace tapiary::capture::mms
