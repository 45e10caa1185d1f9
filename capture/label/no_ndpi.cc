// The labeler of a build without nDPI: none. See labeler.h.
#include "capture/label/labeler.h"

namespace tapiary::capture {

bool LabelsBuilt() {
  return false;
}

std::unique_ptr<Labeler> MakeLabeler() {
  return nullptr;
}

}  // namespace tapiary::capture
