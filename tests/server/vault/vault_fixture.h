// Both vaults behind one fixture: files in a temporary folder, and a bucket of the S3 server whose
// settings TAPIARY_TEST_S3 names (tests/support/s3_server.sh). Each test has a prefix of its own.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <memory>
#include <string>

#include "base/text.h"
#include "server/vault/object_name.h"
#include "server/vault/s3_vault.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {

inline constexpr const char* kTestTag = "0123abcd";
inline constexpr std::uint64_t kTestPart = 5u << 20;  // the least that S3 takes

// Empty without a server.
inline std::map<std::string, std::string> S3Settings() {
  std::map<std::string, std::string> settings;
  const char* const path = std::getenv("TAPIARY_TEST_S3");
  std::ifstream file(path == nullptr ? "" : path);
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find('=');
    if (equals != std::string::npos) settings[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return settings;
}

inline S3Options TestS3Options(const std::string& scratch) {
  auto settings = S3Settings();
  S3Options options;
  options.endpoint = settings["S3_ENDPOINT"];
  options.bucket = settings["S3_BUCKET"];
  options.credentials = {settings["S3_ACCESS_KEY"], settings["S3_SECRET_KEY"], ""};
  options.scratch_folder = scratch;
  options.tag = kTestTag;
  options.part_bytes = kTestPart;
  options.prefix = *MakeObjectName("", "test") + "/";
  return options;
}

// Bytes that differ everywhere, so that a part in the wrong place shows.
inline std::string Pattern(std::size_t size, std::uint32_t seed = 1) {
  std::string text(size, '\0');
  for (char& c : text) {
    seed = seed * 1664525u + 1013904223u;
    c = static_cast<char>(seed >> 24);
  }
  return text;
}

inline std::string StoreIn(Vault& vault, std::string_view hint, std::string_view content) {
  auto object = vault.Create(hint);
  EXPECT_TRUE(object) << object.error().message;
  if (!object) return "";
  const auto appended = (*object)->Append(base::AsBytes(content));
  EXPECT_TRUE(appended) << appended.error().message;
  const auto name = (*object)->Commit();
  EXPECT_TRUE(name) << name.error().message;
  return name ? *name : "";
}

inline std::map<std::string, ObjectInfo> ObjectsOf(Vault& vault) {
  std::map<std::string, ObjectInfo> all;
  const auto listed = vault.ForEach([&all](const ObjectInfo& object) {
    all[object.name] = object;
    return true;
  });
  EXPECT_TRUE(listed) << listed.error().message;
  return all;
}

}  // namespace tapiary::server
