#include "server/collector.h"

#include <gtest/gtest.h>

#include "server/collector_config.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

// A second one by mistake, on another port, say.
TEST(Collector, OneWorksInAFolder) {
  const base::TempFolder folder;
  CollectorConfig config;
  config.data = folder.path();
  config.listen = {"127.0.0.1:0"};
  const auto options = Complete(config);
  ASSERT_TRUE(options) << options.error().message;
  auto first = Collector::Start(*options);
  ASSERT_TRUE(first) << first.error().message;
  const auto second = Collector::Start(*options);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, base::ErrorCode::kConflict);
  first->reset();
  EXPECT_TRUE(Collector::Start(*options));
}

}  // namespace
}  // namespace tapiary::server
