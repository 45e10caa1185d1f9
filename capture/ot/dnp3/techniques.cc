#include "capture/ot/dnp3/techniques.h"

namespace tapiary::capture::dnp3 {
namespace {

constexpr TechniqueRow kRows[] = {
    {2, 34, true, "T0838"},       // deadbands
    {2, 70, true, "T0843"},       // a file's block
    {2, kAnySub, true, "T0836"},  // time, IIN, strings
    {3, kAnySub, true, "T0855"},  // select
    {4, kAnySub, true, "T0855"},  // operate
    {5, kAnySub, true, "T0855"},  // direct operate
    {6, kAnySub, true, "T0855"},  // the same without acknowledgement
    {7, kAnySub, true, "T0855"},  // freezes
    {8, kAnySub, true, "T0855"},   {9, kAnySub, true, "T0855"},
    {10, kAnySub, true, "T0855"},  {11, kAnySub, true, "T0855"},
    {12, kAnySub, true, "T0855"},  {13, kAnySub, true, "T0816"},  // cold restart
    {14, kAnySub, true, "T0816"},                                 // warm restart
    {15, kAnySub, true, "T0836"},                                 // initialize data
    {16, kAnySub, true, "T0858"},                                 // initialize application
    {17, kAnySub, true, "T0858"},                                 // start application
    {18, kAnySub, true, "T0881"},                                 // stop application
    {19, kAnySub, true, "T0836"},                                 // save configuration
    {20, kAnySub, true, "T0878"},                                 // enable unsolicited
    {21, kAnySub, true, "T0804"},                                 // disable unsolicited
    {22, kAnySub, true, "T0804"},                                 // assign class
    {24, kAnySub, true, "T0836"},                                 // record current time
    {25, 2, true, "T0843"},         // open a file to write; sub is the mode
    {25, 3, true, "T0843"},         // to append
    {25, kAnySub, false, "T0845"},  // to read
    {27, kAnySub, true, "T0809"},   // delete file
    {28, kAnySub, false, "T0846"},  // file information
    {29, kAnySub, false, "T0859"},  // authenticate file
    {31, kAnySub, true, "T0889"},   // activate configuration
    {32, kAnySub, false, "T0859"}, {33, kAnySub, false, "T0859"},
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::dnp3
