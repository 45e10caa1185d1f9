#include "cli/flows.h"

#include "cli/list_verb.h"

namespace tapiary::cli {

void ConfigureFlows(CLI::App& app, Run* run) {
  ConfigureList(app, ListKind::kFlows, run);
}

}  // namespace tapiary::cli
