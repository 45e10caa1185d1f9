// Router: finds the route of a request. Pure after construction; any thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "server/http/handler.h"

namespace tapiary::server {

class Router {
 public:
  explicit Router(std::vector<Route> routes);

  struct Match {
    const Route* route = nullptr;  // nullptr: see `allowed`
    std::map<std::string, std::string> params;
    std::string allowed;  // methods that the path has ("GET, HEAD"); empty: no such path (404)
  };
  // `path` is decoded. HEAD finds the GET route.
  [[nodiscard]] Match Find(std::string_view method, std::string_view path) const;

 private:
  struct Entry {
    Route route;
    std::vector<std::string> parts;
  };
  std::vector<Entry> entries_;
};

}  // namespace tapiary::server
