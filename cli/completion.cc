#include "cli/completion.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <memory>

namespace tapiary::cli {
namespace {

struct Words {
  std::string verbs;    // case branches: which word leads from one verb to another
  std::string words;    // case branches: what may stand behind a verb
  std::string choices;  // case branches: what may stand behind an option of it
};

// "FORMAT:{table,json}" as "table json"; other types have no list.
std::string ChoicesOf(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t begin = type.find('{');
  const std::size_t end = type.rfind('}');
  if (begin == type.npos || end == type.npos || end < begin) return {};
  std::string list = type.substr(begin + 1, end - begin - 1);
  for (char& c : list) {
    if (c == ',') c = ' ';
  }
  return list;
}

void Describe(const CLI::App& app, const std::string& path, Words* words) {
  std::string here;
  for (const CLI::Option* option : app.get_options()) {
    std::string names;
    for (const std::string& name : option->get_lnames()) names += " --" + name;
    here += names;
    const std::string choices = ChoicesOf(*option);
    if (names.empty() && !choices.empty()) here += ' ' + choices;
    if (names.empty() || choices.empty()) continue;
    words->choices += fmt::format("    '{}{}') words='{}' ;;\n", path, names, choices);
  }
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    const std::string next = path + ' ' + verb->get_name();
    here += ' ' + verb->get_name();
    words->verbs += fmt::format("      '{}') path='{}' ;;\n", next, next);
    Describe(*verb, next, words);
  }
  words->words +=
      fmt::format("    '{}') words='{}' ;;\n", path, here.empty() ? here : here.substr(1));
}

constexpr std::string_view kScript = R"sh(# completion of {0} for bash, made by: {0} completion bash
_{0}() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}} path='{0}' words='' word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
    case "$path $word" in
{1}    esac
  done
  case "$path" in
{2}  esac
  case "$path $before" in
{3}  esac
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
}}
complete -o default -F _{0} {0}
)sh";

}  // namespace

std::string BashCompletion(const CLI::App& root, const std::string& program) {
  Words words;
  Describe(root, program, &words);
  return fmt::format(kScript, program, words.verbs, words.words, words.choices);
}

void ConfigureCompletion(CLI::App& app, Run* run) {
  const auto shell = std::make_shared<std::string>();
  app.add_option("SHELL", *shell, "for which shell")->required()->check(CLI::IsMember({"bash"}));
  *run = [shell, &app]() -> base::Result<ExitCode> {
    fmt::print("{}", BashCompletion(*app.get_parent(), app.get_parent()->get_name()));
    return ExitCode::kOk;
  };
}

}  // namespace tapiary::cli
