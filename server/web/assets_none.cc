// For builds without the page (TAPIARY_WEB=OFF).
#include "server/web/assets.h"

namespace tapiary::server {

std::span<const WebAsset> WebAssets() {
  return {};
}

}  // namespace tapiary::server
