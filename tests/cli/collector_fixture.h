// A small collector for tests of the client: the real HTTP server over TLS with routes of the test.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "cli/collector_client.h"
#include "server/http/certificate.h"
#include "server/http/server.h"

namespace tapiary::cli {

class CollectorFixture : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = std::filesystem::path(testing::TempDir()) /
              ("tapiary_cli_" + std::to_string(getpid()) + "_" +
               testing::UnitTest::GetInstance()->current_test_info()->name());
    std::filesystem::create_directories(folder_ / "config");
    // No test may read the file of the user who runs it.
    setenv("XDG_CONFIG_HOME", (folder_ / "config").c_str(), 1);
    WriteFile("token", "good\n");
    ASSERT_TRUE(server::EnsureCertificate(Path("c.crt"), Path("c.key"), {}));
  }
  void TearDown() override {
    if (server_) server_->Stop();
    std::filesystem::remove_all(folder_);
  }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string WriteFile(const std::string& name, const std::string& text, int mode = 0600) const {
    std::ofstream(Path(name)) << text;
    std::filesystem::permissions(Path(name), static_cast<std::filesystem::perms>(mode));
    return Path(name);
  }

  // One GET route for all of "/api/v1/{name}".
  void Serve(server::Handler handler) { Serve({Route("GET", std::move(handler))}); }
  static server::Route Route(const std::string& method, server::Handler handler) {
    return {.method = method,
            .pattern = "/api/v1/{name}",
            .scope = server::Scope::kViewer,
            .handler = std::move(handler),
            .max_body_bytes = method == "GET" ? 0U : 10'000U};
  }
  void Serve(std::vector<server::Route> routes) {
    server::HttpServerOptions options;
    options.listen = {{.address = "127.0.0.1", .port = 0, .tls = true}};
    options.certificate_file = Path("c.crt");
    options.key_file = Path("c.key");
    options.handler_threads = 2;
    const auto authenticate = [](const server::Credential& credential,
                                 const std::string&) -> base::Result<server::Identity> {
      if (credential.text != "good")
        return base::MakeError(base::ErrorCode::kPermission, "no such token");
      server::Identity identity;
      identity.scope = server::Scope::kAdmin;
      return identity;
    };
    server_ = std::make_unique<server::HttpServer>(options, std::move(routes), authenticate);
    ASSERT_TRUE(server_->Start());
  }

  CollectorOptions Options() const {
    return {.url = "https://127.0.0.1:" + std::to_string(server_->ports().front()),
            .token_file = Path("token"),
            .ca_file = Path("c.crt")};
  }

  std::filesystem::path folder_;
  std::unique_ptr<server::HttpServer> server_;
};

}  // namespace tapiary::cli
