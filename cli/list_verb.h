// What `tapiary flows`, `commands` and `events` share: a list, its largest groups, or its live
// tail. One thread.
#pragma once

#include "cli/list_query.h"
#include "cli/verb.h"

namespace tapiary::cli {

// Adds the options to the verb's app and sets *run.
void ConfigureList(CLI::App& app, ListKind kind, Run* run);

// Each writes to stdout, and what there is to say to stderr.
base::Result<ExitCode> RunList(ListKind kind, const ListOptions& options);
base::Result<ExitCode> RunTop(ListKind kind, const ListOptions& options);
base::Result<ExitCode> RunFollow(ListKind kind, const ListOptions& options);

// Long cells are cut where a person looks.
TextLayout ListLayout();

}  // namespace tapiary::cli
