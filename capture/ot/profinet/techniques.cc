#include "capture/ot/profinet/techniques.h"

namespace tapiary::capture::profinet {
namespace {

constexpr TechniqueRow kDcpRows[] = {
    {4, 0x0503, false, "T0888"},  // blink: which box is it
    {4, 0x0505, true, "T0809"},   // factory reset
    {4, 0x0506, true, "T0809"},   // reset to factory
    {4, 0x0102, true, "T0836"},   // IP parameters
    {4, 0x0103, true, "T0836"},
    {4, 0x0202, true, "T0849"},  // name of station: takes another's
                                 // place
    {4, 0x0501, true, {}},       // begin and end of a transaction: a set without content
    {4, 0x0502, true, {}},
    {4, kAnySub, true, "T0836"},
    {3, kAnySub, false, "T0888"},
    {5, kAnySub, false, "T0846"},
};

// Codes are RtEvent.
constexpr TechniqueRow kRtRows[] = {
    {2, kAnySub, false, "T0858"},  // a provider went to stop
};

// Codes are operations of the RPC interface; sub of control is the command, of connect 1 for a
// supervisor. Of control only what ends or reopens a relation is a command of its own: end of
// parameters completes the connect and the writes before it, which are flagged; application ready
// and the like are reports of the device.
constexpr TechniqueRow kCmRows[] = {
    {0, 1, true, "T0848"},             // connect as supervisor
    {0, kAnySub, true, "T0848"},       // a controller takes the device
    {1, kAnySub, true, "T0881"},       // release: its outputs stop
    {3, kAnySub, true, "T0836"},       // write record
    {4, 0x0004, true, "T0881"},        // control: release
    {4, 0x0040, true, "T0836"},        // control: parameter begin, while it runs
    {2, kAnySub, false, "T0888"},      // read record
    {5, kAnySub, false, "T0888"},      // read without connection
    {0x100, kAnySub, false, "T0846"},  // endpoint mapper lookup
};

}  // namespace

std::span<const TechniqueRow> DcpTechniques() {
  return kDcpRows;
}

std::span<const TechniqueRow> RtTechniques() {
  return kRtRows;
}

std::span<const TechniqueRow> CmTechniques() {
  return kCmRows;
}

}  // namespace tapiary::capture::profinet
