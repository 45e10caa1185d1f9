// TestServer: https_server.py as a child process, and what it logged.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {

// One line of the server's log.
struct Request {
  double time = 0;
  std::string path;
  std::size_t size = 0;
  int status = 0;
  bool token_ok = false;
  bool digest_ok = false;
  std::string expect;
  int peer_port = 0;
};

// Runs https_server.py, in a network namespace if one is given; *out is its standard output.
inline int RunScript(const std::vector<std::string>& arguments, int* out,
                     const std::string& netns = {}) {
  int pipe_fds[2];
  if (pipe2(pipe_fds, O_CLOEXEC) != 0) return -1;
  const int child = fork();
  if (child == 0) {
    dup2(pipe_fds[1], STDOUT_FILENO);
    std::vector<std::string> words = {"/usr/bin/python3", TAPIARY_TEST_SERVER};
    if (!netns.empty()) words.insert(words.begin(), {"/usr/sbin/ip", "netns", "exec", netns});
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
  }
  close(pipe_fds[1]);
  *out = pipe_fds[0];
  return child;
}

// Certificates are made once for all tests.
inline const std::string& Certs() {
  static TempFolder folder;
  static const bool made = [] {
    int out = -1;
    const int child = RunScript({"certs", folder.path()}, &out);
    close(out);
    int status = -1;
    waitpid(child, &status, 0);
    return status == 0;
  }();
  EXPECT_TRUE(made) << "openssl could not make certificates";
  return folder.path();
}

class Server {
 public:
  explicit Server(std::vector<std::string> arguments = {}, int port = 0,
                  const std::string& netns = {})
      : log_(folder_.path() + "/log") {
    std::vector<std::string> all = {"serve", Certs(),  "--log",
                                    log_,    "--port", std::to_string(port)};
    all.insert(all.end(), arguments.begin(), arguments.end());
    child_ = RunScript(all, &out_, netns);
    char line[32] = {};
    const ssize_t size = read(out_, line, sizeof(line) - 1);
    EXPECT_GT(size, 0) << "the server did not start";
    port_ = atoi(line);
  }
  ~Server() {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    close(out_);
  }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "https://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] std::vector<Request> requests() const {
    std::vector<Request> requests;
    std::ifstream log(log_);
    for (std::string line; std::getline(log, line);) {
      std::istringstream words(line);
      Request request;
      std::string method;
      words >> request.time >> method >> request.path >> request.size >> request.status >>
          request.token_ok >> request.digest_ok >> request.expect >> request.peer_port;
      if (method == "PUT") requests.push_back(request);
    }
    return requests;
  }

 private:
  TempFolder folder_;
  std::string log_;
  int out_ = -1;
  int child_ = -1;
  int port_ = 0;
};

}  // namespace tapiary::uplink
