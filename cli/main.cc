// tapiary: the operator's command. Parses arguments by the verb table (cli/verb.h), runs one verb,
// and turns its result into an exit code: 0 ok, 1 failed, 2 usage.
#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <list>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "cli/verb.h"

namespace tapiary::cli {
namespace {

struct ConfiguredVerb {
  CLI::App* app = nullptr;
  Run run;
};

void Configure(CLI::App* root, std::list<ConfiguredVerb>* verbs) {
  root->set_version_flag("--version", "tapiary " TAPIARY_VERSION);
  root->set_help_all_flag("--help-all", "help of every verb");
  root->require_subcommand(1);
  root->footer("Exit codes: 0 ok, 1 failed, 2 usage. `tapiary VERB --help` has examples.");
  for (const Verb& verb : Verbs()) {
    ConfiguredVerb& configured = verbs->emplace_back();
    configured.app = root->add_subcommand(std::string(verb.name), std::string(verb.summary));
    configured.app->footer("Examples:\n" + std::string(verb.examples));
    verb.configure(*configured.app, &configured.run);
  }
}

int Finish(const base::Result<ExitCode>& result) {
  if (!result) {
    fmt::print(stderr, "tapiary: {}\n", result.error().message);
    const bool usage = result.error().code == base::ErrorCode::kInvalid;
    return static_cast<int>(usage ? ExitCode::kUsage : ExitCode::kFailed);
  }
  // A full disk or a closed pipe must not look like success.
  if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0) {
    fmt::print(stderr, "tapiary: cannot write the output\n");
    return static_cast<int>(ExitCode::kFailed);
  }
  return static_cast<int>(*result);
}

// Under its plugin's name it is the plugin: Wireshark runs what is in its extcap folder, and gives
// it no verb.
std::vector<const char*> Arguments(int argc, char** argv) {
  std::vector<const char*> arguments(argv, argv + argc);
  const std::string_view name = argc > 0 ? argv[0] : "";
  if (name.substr(name.rfind('/') + 1) == "tapiary-extcap") {
    arguments.insert(arguments.begin() + 1, "extcap");
  }
  return arguments;
}

// The first word where a verb should stand and none of its name is; null when there is no such
// word.
const char* UnknownVerb(CLI::App& root, const std::vector<const char*>& arguments) {
  CLI::App* app = &root;
  for (std::size_t i = 1; i < arguments.size() && app->get_require_subcommand_min() > 0; ++i) {
    if (arguments[i][0] == '-') return nullptr;
    const auto verbs = app->get_subcommands(
        [word = arguments[i]](const CLI::App* verb) { return verb->get_name() == word; });
    if (verbs.empty()) return arguments[i];
    app = verbs.front();
  }
  return nullptr;
}

int Main(int argc, char** argv) {
  CLI::App root("Tapiary: capture at mirror ports of OT honeypots, testbeds and plants", "tapiary");
  std::list<ConfiguredVerb> verbs;
  Configure(&root, &verbs);
  const std::vector<const char*> arguments = Arguments(argc, argv);
  try {
    root.parse(static_cast<int>(arguments.size()), arguments.data());
  } catch (const CLI::ParseError& error) {
    // CLI11 says only that one is required.
    const char* const unknown = UnknownVerb(root, arguments);
    if (unknown != nullptr) {
      fmt::print(stderr, "tapiary: there is no verb '{}'; --help lists those that there are\n",
                 base::EscapeBytes(unknown));
      return static_cast<int>(ExitCode::kUsage);
    }
    const int code = root.exit(error);
    return static_cast<int>(code == 0 ? ExitCode::kOk : ExitCode::kUsage);
  }
  for (ConfiguredVerb& verb : verbs) {
    if (verb.app->parsed() && verb.run) return Finish(verb.run());
  }
  fmt::print(stderr, "{}", root.help());
  return static_cast<int>(ExitCode::kUsage);
}

}  // namespace
}  // namespace tapiary::cli

int main(int argc, char** argv) {
  return tapiary::cli::Main(argc, argv);
}
