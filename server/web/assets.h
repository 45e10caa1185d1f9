// The files of the web page as data of the program; assets.cc is generated at build time by
// embed.mjs. Constant; any thread.
#pragma once

#include <span>
#include <string_view>

namespace tapiary::server {

struct WebAsset {
  std::string_view path;  // "/", "/assets/index-C3PNjgQA.js"
  std::string_view content_type;
  std::string_view etag;   // quoted
  bool immutable = false;  // the name has a hash of the content
  std::string_view data;
  std::string_view gzip;  // the same, compressed; empty when that saves nothing
};

std::span<const WebAsset> WebAssets();

}  // namespace tapiary::server
