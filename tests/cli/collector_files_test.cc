#include "cli/collector_files.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/collector_fixture.h"

namespace tapiary::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class CollectorFilesTest : public CollectorFixture {
 protected:
  void SetUp() override {
    CollectorFixture::SetUp();
    for (const char* name : {"TAPIARY_COLLECTOR", "TAPIARY_TOKEN_FILE", "TAPIARY_CA"}) {
      unsetenv(name);
    }
    std::filesystem::create_directories(folder_ / "config/tapiary/collectors");
  }
  void TearDown() override {
    unsetenv("TAPIARY_COLLECTOR");
    unsetenv("TAPIARY_TOKEN_FILE");
    CollectorFixture::TearDown();
  }
  void Put(const std::string& name, const std::string& text) {
    WriteFile("config/tapiary/" + name, text);
  }
  std::vector<std::string> Names() {
    troubles_.clear();
    std::vector<std::string> names;
    for (const CollectorFile& file : ReadCollectorFiles(&troubles_)) {
      names.push_back(file.name + " " + file.options.url);
    }
    return names;
  }
  std::vector<std::string> troubles_;
};

TEST_F(CollectorFilesTest, NoneIsNoTrouble) {
  EXPECT_THAT(Names(), IsEmpty());
  EXPECT_THAT(troubles_, IsEmpty());
}

TEST_F(CollectorFilesTest, TheUsersOwnFirstThenTheOthersByName) {
  Put("collector.yaml", "url: https://own\ntoken_file: /t\n");
  Put("collectors/b.yaml", "url: https://b\ntoken_file: /b\nca: /ca\n");
  Put("collectors/a-1.yaml", "url: https://a\ntoken_file: /a\n");
  Put("collectors/README", "not for us");
  EXPECT_THAT(Names(), ElementsAre(" https://own", "a-1 https://a", "b https://b"));
  EXPECT_THAT(troubles_, IsEmpty());
  setenv("TAPIARY_COLLECTOR", "https://named", 1);
  setenv("TAPIARY_TOKEN_FILE", "/n", 1);
  EXPECT_THAT(Names(), ElementsAre(" https://named", "a-1 https://a", "b https://b"));
}

TEST_F(CollectorFilesTest, WhatCannotBeUsedIsToldAndTheRestStands) {
  Put("collector.yaml", "url: https://own\n");
  Put("collectors/bad name.yaml", "url: https://x\ntoken_file: /t\n");
  Put("collectors/bad\x1b[31m.yaml", "url: https://x\ntoken_file: /t\n");
  Put("collectors/odd.yaml", "address: x\n");
  Put("collectors/half.yaml", "url: https://x\n");
  Put("collectors/good.yaml", "url: https://good\ntoken_file: /t\n");
  std::filesystem::create_directories(folder_ / "config/tapiary/collectors/folder.yaml");
  EXPECT_THAT(Names(), ElementsAre("good https://good"));
  EXPECT_THAT(troubles_, SizeIs(6));
  for (const std::string& trouble : troubles_) EXPECT_EQ(trouble.find('\x1b'), trouble.npos);
}

TEST_F(CollectorFilesTest, AreBounded) {
  for (std::size_t i = 0; i < kMaxCollectorFiles + 20; ++i) {
    Put("collectors/c" + std::to_string(i) + ".yaml", "url: https://x\ntoken_file: /t\n");
  }
  EXPECT_THAT(Names(), SizeIs(kMaxCollectorFiles));
  ASSERT_THAT(troubles_, SizeIs(1));
  EXPECT_THAT(troubles_[0], HasSubstr("more than"));
}

}  // namespace
}  // namespace tapiary::cli
