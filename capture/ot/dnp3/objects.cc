#include "capture/ot/dnp3/objects.h"

#include <algorithm>
#include <iterator>

namespace tapiary::capture::dnp3 {
namespace {

// By group and variation, ascending.
constexpr ObjectLayout kObjects[] = {
    {1, 1, 1, 0, Form::kBit},         {1, 2, 8, 0, Form::kFlags},
    {2, 1, 8, 0, Form::kFlags},       {2, 2, 56, 0, Form::kFlags},
    {2, 3, 24, 0, Form::kFlags},      {3, 1, 2, 0, Form::kBit2},
    {3, 2, 8, 0, Form::kFlags2},      {4, 1, 8, 0, Form::kFlags2},
    {4, 2, 56, 0, Form::kFlags2},     {4, 3, 24, 0, Form::kFlags2},
    {10, 1, 1, 0, Form::kBit},        {10, 2, 8, 0, Form::kFlags},
    {11, 1, 8, 0, Form::kFlags},      {11, 2, 56, 0, Form::kFlags},
    {12, 1, 88, 0, Form::kCrob},      {12, 2, 88, 0, Form::kCrob},
    {12, 3, 1, 0, Form::kBit},        {13, 1, 8, 0, Form::kFlags},
    {13, 2, 56, 0, Form::kFlags},     {20, 1, 40, 4, Form::kUnsignedF},
    {20, 2, 24, 2, Form::kUnsignedF}, {20, 3, 40, 4, Form::kUnsignedF},
    {20, 4, 24, 2, Form::kUnsignedF}, {20, 5, 32, 4, Form::kUnsigned},
    {20, 6, 16, 2, Form::kUnsigned},  {20, 7, 32, 4, Form::kUnsigned},
    {20, 8, 16, 2, Form::kUnsigned},  {21, 1, 40, 4, Form::kUnsignedF},
    {21, 2, 24, 2, Form::kUnsignedF}, {21, 3, 40, 4, Form::kUnsignedF},
    {21, 4, 24, 2, Form::kUnsignedF}, {21, 5, 88, 4, Form::kUnsignedF},
    {21, 6, 72, 2, Form::kUnsignedF}, {21, 7, 88, 4, Form::kUnsignedF},
    {21, 8, 72, 2, Form::kUnsignedF}, {21, 9, 32, 4, Form::kUnsigned},
    {21, 10, 16, 2, Form::kUnsigned}, {21, 11, 32, 4, Form::kUnsigned},
    {21, 12, 16, 2, Form::kUnsigned}, {22, 1, 40, 4, Form::kUnsignedF},
    {22, 2, 24, 2, Form::kUnsignedF}, {22, 3, 40, 4, Form::kUnsignedF},
    {22, 4, 24, 2, Form::kUnsignedF}, {22, 5, 88, 4, Form::kUnsignedF},
    {22, 6, 72, 2, Form::kUnsignedF}, {22, 7, 88, 4, Form::kUnsignedF},
    {22, 8, 72, 2, Form::kUnsignedF}, {23, 1, 40, 4, Form::kUnsignedF},
    {23, 2, 24, 2, Form::kUnsignedF}, {23, 3, 40, 4, Form::kUnsignedF},
    {23, 4, 24, 2, Form::kUnsignedF}, {23, 5, 88, 4, Form::kUnsignedF},
    {23, 6, 72, 2, Form::kUnsignedF}, {23, 7, 88, 4, Form::kUnsignedF},
    {23, 8, 72, 2, Form::kUnsignedF}, {30, 1, 40, 4, Form::kSignedF},
    {30, 2, 24, 2, Form::kSignedF},   {30, 3, 32, 4, Form::kSigned},
    {30, 4, 16, 2, Form::kSigned},    {30, 5, 40, 4, Form::kRealF},
    {30, 6, 72, 8, Form::kRealF},     {31, 1, 40, 4, Form::kSignedF},
    {31, 2, 24, 2, Form::kSignedF},   {31, 3, 88, 4, Form::kSignedF},
    {31, 4, 72, 2, Form::kSignedF},   {31, 5, 32, 4, Form::kSigned},
    {31, 6, 16, 2, Form::kSigned},    {31, 7, 40, 4, Form::kRealF},
    {31, 8, 72, 8, Form::kRealF},     {32, 1, 40, 4, Form::kSignedF},
    {32, 2, 24, 2, Form::kSignedF},   {32, 3, 88, 4, Form::kSignedF},
    {32, 4, 72, 2, Form::kSignedF},   {32, 5, 40, 4, Form::kRealF},
    {32, 6, 72, 8, Form::kRealF},     {32, 7, 88, 4, Form::kRealF},
    {32, 8, 120, 8, Form::kRealF},    {33, 1, 40, 4, Form::kSignedF},
    {33, 2, 24, 2, Form::kSignedF},   {33, 3, 88, 4, Form::kSignedF},
    {33, 4, 72, 2, Form::kSignedF},   {33, 5, 40, 4, Form::kRealF},
    {33, 6, 72, 8, Form::kRealF},     {33, 7, 88, 4, Form::kRealF},
    {33, 8, 120, 8, Form::kRealF},    {34, 1, 16, 2, Form::kUnsigned},
    {34, 2, 32, 4, Form::kUnsigned},  {34, 3, 32, 4, Form::kReal},
    {40, 1, 40, 4, Form::kSignedF},   {40, 2, 24, 2, Form::kSignedF},
    {40, 3, 40, 4, Form::kRealF},     {40, 4, 72, 8, Form::kRealF},
    {41, 1, 40, 4, Form::kSignedS},   {41, 2, 24, 2, Form::kSignedS},
    {41, 3, 40, 4, Form::kRealS},     {41, 4, 72, 8, Form::kRealS},
    {42, 1, 40, 4, Form::kSignedF},   {42, 2, 24, 2, Form::kSignedF},
    {42, 3, 88, 4, Form::kSignedF},   {42, 4, 72, 2, Form::kSignedF},
    {42, 5, 40, 4, Form::kRealF},     {42, 6, 72, 8, Form::kRealF},
    {42, 7, 88, 4, Form::kRealF},     {42, 8, 120, 8, Form::kRealF},
    {43, 1, 40, 4, Form::kSignedF},   {43, 2, 24, 2, Form::kSignedF},
    {43, 3, 88, 4, Form::kSignedF},   {43, 4, 72, 2, Form::kSignedF},
    {43, 5, 40, 4, Form::kRealF},     {43, 6, 72, 8, Form::kRealF},
    {43, 7, 88, 4, Form::kRealF},     {43, 8, 120, 8, Form::kRealF},
    {50, 1, 48, 0, Form::kTime},      {50, 2, 80, 0, Form::kTime},
    {50, 3, 48, 0, Form::kTime},      {50, 4, 88, 0, Form::kTime},
    {51, 1, 48, 0, Form::kTime},      {51, 2, 48, 0, Form::kTime},
    {52, 1, 16, 2, Form::kUnsigned},  {52, 2, 16, 2, Form::kUnsigned},
    {80, 1, 1, 0, Form::kBit},        {81, 1, 24, 0, Form::kOpaque},
    {101, 1, 16, 0, Form::kOpaque},   {101, 2, 32, 0, Form::kOpaque},
    {101, 3, 64, 0, Form::kOpaque},   {102, 1, 8, 1, Form::kUnsigned},
    {120, 3, 48, 0, Form::kOpaque},   {120, 4, 16, 0, Form::kOpaque},
    {121, 1, 56, 0, Form::kOpaque},   {122, 1, 56, 0, Form::kOpaque},
    {122, 2, 104, 0, Form::kOpaque},
};

constexpr std::uint32_t Key(std::uint32_t group, std::uint32_t variation) {
  return (group << 8) | variation;
}
constexpr std::uint32_t KeyOf(const ObjectLayout& object) {
  return Key(object.group, object.variation);
}
static_assert(std::ranges::is_sorted(kObjects, {}, &KeyOf));

}  // namespace

const ObjectLayout* FindObject(std::uint8_t group, std::uint8_t variation) {
  const auto found = std::ranges::lower_bound(kObjects, Key(group, variation), {}, &KeyOf);
  if (found == std::end(kObjects) || KeyOf(*found) != Key(group, variation)) return nullptr;
  return found;
}

bool IsStringGroup(std::uint8_t group) {
  return group >= 110 && group <= 113;
}

}  // namespace tapiary::capture::dnp3
