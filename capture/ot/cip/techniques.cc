#include "capture/ot/cip/techniques.h"

#include "capture/ot/cip/services.h"

namespace tapiary::capture::cip {
namespace {

constexpr TechniqueRow kRows[] = {
    // EtherNet/IP commands. First, since the rows of any class fit their numbers too.
    {0x63, kEncapsulationDatagram, false, "T0846"},
    {0x63, kEncapsulation, false, "T0888"},
    {0x64, kEncapsulation, false, "T0888"},
    {0x64, kEncapsulationDatagram, false, "T0888"},
    {0x04, kEncapsulation, false, "T0888"},
    {0x04, kEncapsulationDatagram, false, "T0888"},
    // Any class, unless a row above says more.
    {kReset, kFactoryReset, true, "T0809"},
    {kReset, kAnySub, true, "T0816"},
    {kStart, kAnySub, true, "T0858"},
    {kStop, kAnySub, true, "T0881"},
    {kSetAttributesAll, kAnySub, true, "T0836"},
    {kSetAttributeList, kAnySub, true, "T0836"},
    {kSetAttributeSingle, kAnySub, true, "T0836"},
    {0x0d, kAnySub, true, "T0836"},  // apply attributes
    {0x19, kAnySub, true, "T0836"},  // set, insert, remove member
    {0x1a, kAnySub, true, "T0836"},
    {0x1b, kAnySub, true, "T0836"},
    {kCreate, kAnySub, true, "T0889"},
    {kDelete, kAnySub, true, "T0889"},
    {0x15, kAnySub, true, "T0836"},  // restore
    {0x16, kAnySub, true, "T0836"},  // save
    {kGetAttributesAll, kIdentityClass, false, "T0888"},
    {kGetAttributeList, kIdentityClass, false, "T0888"},
    {kGetAttributeSingle, kIdentityClass, false, "T0888"},
    {kGetAttributesAll, kTcpIpClass, false, "T0888"},
    {kGetAttributeSingle, kTcpIpClass, false, "T0888"},
    // Tags.
    {kWriteTag, kOnTag, true, "T0855"},
    {kWriteTagFragmented, kOnTag, true, "T0855"},
    {kReadModifyWriteTag, kOnTag, true, "T0855"},
    {kReadTag, kOnTag, false, "T0801"},
    {kReadTagFragmented, kOnTag, false, "T0801"},
    {kGetInstanceAttributeList, kOnTag, false, "T0861"},
    {0x4c, kTemplateClass, false, "T0861"},
    // Files and firmware.
    {0x4b, kFileClass, false, "T0845"},
    {0x4f, kFileClass, false, "T0845"},
    {0x4c, kFileClass, true, "T0843"},
    {0x50, kFileClass, true, "T0843"},
    {0x4e, kFileClass, true, "T0857"},
    {0x51, kFileClass, true, "T0809"},
    {0x4b, kNonVolatileStorageClass, true, "T0857"},
    {0x4d, kNonVolatileStorageClass, true, "T0857"},
    {0x51, kNonVolatileStorageClass, true, "T0857"},
    // Contents of Logix programs (0x68) and data (0x6A): not published, by what downloads show.
    {0x50, 0x68, true, "T0843"},
    {0x50, 0x6a, true, "T0843"},
    {0x4f, 0x68, false, "T0845"},
    {0x4f, 0x6a, false, "T0845"},
    // An I/O connection that sends outputs.
    {kForwardOpen, kIoOwner, true, "T0848"},
    {kLargeForwardOpen, kIoOwner, true, "T0848"},
    // PCCC.
    {kExecutePccc, kPccc + 0x0000, true, "T0855"},
    {kExecutePccc, kPccc + 0x0200, true, "T0855"},
    {kExecutePccc, kPccc + 0x0500, true, "T0855"},
    {kExecutePccc, kPccc + 0x0800, true, "T0855"},
    {kExecutePccc, kPccc + 0x0100, false, "T0801"},
    {kExecutePccc, kPccc + 0x0602, true, "T0836"},
    {kExecutePccc, kPccc + 0x0603, false, "T0888"},
    {kExecutePccc, kPccc + 0x0604, true, "T0836"},  // time-out, NAKs, ENQs of the link
    {kExecutePccc, kPccc + 0x0605, true, "T0836"},
    {kExecutePccc, kPccc + 0x0606, true, "T0836"},
    {kExecutePccc, kPccc + 0x0607, true, "T0872"},
    {kExecutePccc, kPccc + 0x060a, true, "T0836"},
    {kExecutePccc, kPccc + 0x0700, true, "T0881"},
    {kExecutePccc, kPccc + 0x0701, true, "T0858"},
    {kExecutePccc, kPccc + 0x0703, true, "T0858"},
    {kExecutePccc, kPccc + 0x0704, true, "T0843"},
    {kExecutePccc, kPccc + 0x0705, true, "T0843"},
    {kExecutePccc, kPccc + 0x0706, false, "T0845"},
    {kExecutePccc, kPccc + 0x0f00, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f01, false, "T0801"},
    {kExecutePccc, kPccc + 0x0f02, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f03, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f04, false, "T0801"},
    {kExecutePccc, kPccc + 0x0f05, true, "T0843"},
    {kExecutePccc, kPccc + 0x0f06, false, "T0845"},
    {kExecutePccc, kPccc + 0x0f07, true, "T0881"},
    {kExecutePccc, kPccc + 0x0f08, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f09, false, "T0845"},  // memory as an upload reads it
    {kExecutePccc, kPccc + 0x0f17, false, "T0845"},
    {kExecutePccc, kPccc + 0x0f0a, true, "T0816"},
    {kExecutePccc, kPccc + 0x0f11, true, "T0889"},
    {kExecutePccc, kPccc + 0x0f18, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f26, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f3a, true, "T0858"},
    {kExecutePccc, kPccc + 0x0f41, true, "T0835"},
    {kExecutePccc, kPccc + 0x0f50, true, "T0843"},
    {kExecutePccc, kPccc + 0x0f52, true, "T0843"},
    {kExecutePccc, kPccc + 0x0f53, false, "T0845"},
    {kExecutePccc, kPccc + 0x0f55, false, "T0845"},
    {kExecutePccc, kPccc + 0x0f57, true, "T0809"},
    {kExecutePccc, kPccc + 0x0f67, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f68, false, "T0801"},
    {kExecutePccc, kPccc + 0x0f79, true, "T0855"},
    {kExecutePccc, kPccc + 0x0f80, true, "T0858"},
    {kExecutePccc, kPccc + 0x0f8f, true, "T0836"},
    {kExecutePccc, kPccc + 0x0fa1, false, "T0801"},
    {kExecutePccc, kPccc + 0x0fa2, false, "T0801"},
    {kExecutePccc, kPccc + 0x0fa7, false, "T0845"},
    {kExecutePccc, kPccc + 0x0fa9, true, "T0855"},
    {kExecutePccc, kPccc + 0x0faa, true, "T0855"},
    {kExecutePccc, kPccc + 0x0fab, true, "T0855"},
    {kExecutePccc, kPccc + 0x0faf, true, "T0843"},
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::cip
