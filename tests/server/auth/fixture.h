// A catalog in a folder of its own.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "server/auth/tokens.h"
#include "server/catalog/catalog.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server::test {

class AuthTest : public testing::Test {
 protected:
  std::string Make(const std::string& name, Scope scope,
                   std::optional<std::int64_t> expires_ns = {}) {
    const auto token = CreateToken(*catalog_, {name, scope, expires_ns});
    return token ? *token : "error: " + token.error().ToString();
  }
  std::int64_t Number(const std::string& sql) {
    std::int64_t number = -1;
    const auto done = catalog_->Query(sql, {}, [&](const SqlRow& row) {
      number = row.Int(0);
      return false;
    });
    EXPECT_TRUE(done);
    return number;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_ =
      std::move(*Catalog::Open(TestCatalog(folder_.path() + "/catalog.sqlite")));
};

class TextBody : public BodySource {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t size = text_.copy(buffer.data(), buffer.size(), at_);
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

}  // namespace tapiary::server::test
