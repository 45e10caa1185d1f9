// libFuzzer's entry points. `--target=NAME` picks the target (libFuzzer ignores flags with two
// dashes); without it the names are printed.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/fuzz/target.h"

namespace {
const tapiary::fuzz::Target* target = nullptr;
}

extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  constexpr const char* kOption = "--target=";
  for (int i = 1; i < *argc; ++i) {
    if (std::strncmp((*argv)[i], kOption, std::strlen(kOption)) == 0) {
      target = tapiary::fuzz::FindTarget((*argv)[i] + std::strlen(kOption));
    }
  }
  if (target != nullptr) return 0;
  for (const tapiary::fuzz::Target& known : tapiary::fuzz::Targets()) {
    std::printf("%s\n", known.name.c_str());
  }
  std::exit(*argc == 1 ? 0 : 2);
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  target->run({data, size}, target->protocol);
  return 0;
}
