#include <array>

#include "cli/case.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "cli/events.h"
#include "cli/extcap.h"
#include "cli/flows.h"
#include "cli/meter.h"
#include "cli/mirror.h"
#include "cli/pcap.h"
#include "cli/testbed.h"
#include "cli/token.h"
#include "cli/user.h"
#include "cli/verb.h"
#include "cli/verify.h"

namespace tapiary::cli {
namespace {

// In the order of --help.
constexpr std::array kVerbs = {
    Verb{"meter", "measure flows and OT transactions in capture files", kMeterExamples,
         ConfigureMeter},
    Verb{"mirror", "plan, apply, list and delete Open vSwitch mirrors", kMirrorExamples,
         ConfigureMirror},
    Verb{"testbed", "bring a testbed of bridges, hosts and mirrors up or down", kTestbedExamples,
         ConfigureTestbed},
    Verb{"flows", "flows that a collector has, their largest groups, or a live tail",
         kFlowsExamples, ConfigureFlows},
    Verb{"commands", "what changed the state of devices, as a collector has it", kCommandsExamples,
         ConfigureCommands},
    Verb{"events", "what honeypot services reported to a collector", kEventsExamples,
         ConfigureEvents},
    Verb{"pcap", "packets that a collector has, as a capture file", kPcapExamples, ConfigurePcap},
    Verb{"token", "create, list, revoke and rotate the collector's tokens", kTokenExamples,
         ConfigureToken},
    Verb{"user", "create, list, change and remove the collector's users", kUserExamples,
         ConfigureUser},
    Verb{"case", "everything about what a filter finds, as one signed archive", kCaseExamples,
         ConfigureCase},
    Verb{"verify", "check that nothing stored is missing, added or altered", kVerifyExamples,
         ConfigureVerify},
    Verb{"extcap", "plugin of Wireshark: collectors as interfaces", kExtcapExamples,
         ConfigureExtcap},
    Verb{"completion", "a script that completes all of this on Tab", kCompletionExamples,
         ConfigureCompletion},
};

}  // namespace

std::span<const Verb> Verbs() {
  return kVerbs;
}

}  // namespace tapiary::cli
