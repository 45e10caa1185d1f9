// Verbs of the bench's own programs: `PROGRAM VERB ARGUMENT...`. One thread.
#pragma once

#include <cstdio>
#include <span>
#include <string>
#include <vector>

namespace tapiary::bench {

using Args = std::span<const std::string>;

struct Verb {
  const char* name;
  const char* arguments;  // for the usage
  std::size_t fewest;     // arguments
  int (*run)(Args);
};

// The exit code of the verb that is named; 2 with the usage on stderr when there is none.
inline int RunVerb(const char* program, std::span<const Verb> verbs, int argc, char** argv) {
  const std::vector<std::string> args(argv + (argc > 1 ? 2 : argc), argv + argc);
  for (const Verb& verb : verbs) {
    if (argc > 1 && std::string(argv[1]) == verb.name && args.size() >= verb.fewest) {
      return verb.run(args);
    }
  }
  for (const Verb& verb : verbs) {
    std::fprintf(stderr, "usage: %s %s %s\n", program, verb.name, verb.arguments);
  }
  return 2;
}

}  // namespace tapiary::bench
