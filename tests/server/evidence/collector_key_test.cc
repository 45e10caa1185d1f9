#include "server/evidence/collector_key.h"

#include <gtest/gtest.h>

#include <fstream>
#include <memory>

#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

TEST(CollectorKey, IsMadeOnceAndListedOnceAndOthersBesideIt) {
  const base::TempFolder folder;
  const auto catalog = std::move(*Catalog::Open(test::TestCatalog(folder.path() + "/catalog.db")));
  const auto first = OpenCollectorKey(*catalog, folder.path() + "/evidence.key");
  ASSERT_TRUE(first) << first.error().message;
  const auto again = OpenCollectorKey(*catalog, folder.path() + "/evidence.key");
  ASSERT_TRUE(again);
  EXPECT_EQ(first->public_key(), again->public_key());
  const auto other = OpenCollectorKey(*catalog, folder.path() + "/other.key");
  ASSERT_TRUE(other);
  const auto keys = CollectorKeys(*catalog);
  ASSERT_TRUE(keys);
  ASSERT_EQ(keys->size(), 2U);
  EXPECT_EQ((*keys)[0].key, first->public_key());
  EXPECT_EQ((*keys)[1].key, other->public_key());
  EXPECT_GT((*keys)[0].first_ns, 0);
}

TEST(CollectorKey, AFileThatIsNoKeyIsNotReplaced) {
  const base::TempFolder folder;
  const auto catalog = std::move(*Catalog::Open(test::TestCatalog(folder.path() + "/catalog.db")));
  const std::string path = folder.path() + "/evidence.key";
  std::ofstream(path) << "no key";
  EXPECT_FALSE(OpenCollectorKey(*catalog, path));
  EXPECT_TRUE(CollectorKeys(*catalog)->empty());
}

}  // namespace
}  // namespace tapiary::server
