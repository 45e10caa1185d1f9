#include "cli/events.h"

#include "cli/list_verb.h"

namespace tapiary::cli {

void ConfigureEvents(CLI::App& app, Run* run) {
  ConfigureList(app, ListKind::kEvents, run);
}

}  // namespace tapiary::cli
