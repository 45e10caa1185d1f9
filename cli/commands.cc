#include "cli/commands.h"

#include "cli/list_verb.h"

namespace tapiary::cli {

void ConfigureCommands(CLI::App& app, Run* run) {
  ConfigureList(app, ListKind::kCommands, run);
}

}  // namespace tapiary::cli
