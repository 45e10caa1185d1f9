// Programs of a few lines in place of sharkd, as files that anybody may run.
#pragma once

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <string>

namespace tapiary::server::test {

class Script {
 public:
  explicit Script(const std::string& python) {
    static int number = 0;
    path_ = testing::TempDir() + "tapiary_helper_" + std::to_string(::getpid()) + "_" +
            std::to_string(++number);
    std::ofstream(path_) << "#!/usr/bin/python3 -SE\n" << python;
    ::chmod(path_.c_str(), 0755);
  }
  ~Script() { ::unlink(path_.c_str()); }
  Script(const Script&) = delete;
  Script& operator=(const Script&) = delete;
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace tapiary::server::test
