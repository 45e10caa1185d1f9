#include "capture/ot/iec104/types.h"

#include <algorithm>
#include <iterator>

namespace tapiary::capture::iec104 {
namespace {

// By type, ascending.
constexpr TypeInfo kTypes[] = {
    {1, 1, Element::kSingle, TimeTag::kNone, "M_SP_NA_1", "single_point"},
    {2, 4, Element::kSingle, TimeTag::kShort, "M_SP_TA_1", "single_point_time24"},
    {3, 1, Element::kDouble, TimeTag::kNone, "M_DP_NA_1", "double_point"},
    {4, 4, Element::kDouble, TimeTag::kShort, "M_DP_TA_1", "double_point_time24"},
    {5, 2, Element::kStep, TimeTag::kNone, "M_ST_NA_1", "step_position"},
    {6, 5, Element::kStep, TimeTag::kShort, "M_ST_TA_1", "step_position_time24"},
    {7, 5, Element::kBits, TimeTag::kNone, "M_BO_NA_1", "bitstring"},
    {8, 8, Element::kBits, TimeTag::kShort, "M_BO_TA_1", "bitstring_time24"},
    {9, 3, Element::kNormalised, TimeTag::kNone, "M_ME_NA_1", "measured_normalised"},
    {10, 6, Element::kNormalised, TimeTag::kShort, "M_ME_TA_1", "measured_normalised_time24"},
    {11, 3, Element::kScaled, TimeTag::kNone, "M_ME_NB_1", "measured_scaled"},
    {12, 6, Element::kScaled, TimeTag::kShort, "M_ME_TB_1", "measured_scaled_time24"},
    {13, 5, Element::kFloat, TimeTag::kNone, "M_ME_NC_1", "measured_float"},
    {14, 8, Element::kFloat, TimeTag::kShort, "M_ME_TC_1", "measured_float_time24"},
    {15, 5, Element::kTotals, TimeTag::kNone, "M_IT_NA_1", "integrated_totals"},
    {16, 8, Element::kTotals, TimeTag::kShort, "M_IT_TA_1", "integrated_totals_time24"},
    {17, 6, Element::kOpaque, TimeTag::kShort, "M_EP_TA_1", "protection_event_time24"},
    {18, 7, Element::kOpaque, TimeTag::kShort, "M_EP_TB_1", "protection_start_events_time24"},
    {19, 7, Element::kOpaque, TimeTag::kShort, "M_EP_TC_1", "protection_output_circuit_time24"},
    {20, 5, Element::kOpaque, TimeTag::kNone, "M_PS_NA_1", "packed_single_points"},
    {21, 2, Element::kNormalisedNoQuality, TimeTag::kNone, "M_ME_ND_1",
     "measured_normalised_no_quality"},
    {30, 8, Element::kSingle, TimeTag::kLong, "M_SP_TB_1", "single_point_time"},
    {31, 8, Element::kDouble, TimeTag::kLong, "M_DP_TB_1", "double_point_time"},
    {32, 9, Element::kStep, TimeTag::kLong, "M_ST_TB_1", "step_position_time"},
    {33, 12, Element::kBits, TimeTag::kLong, "M_BO_TB_1", "bitstring_time"},
    {34, 10, Element::kNormalised, TimeTag::kLong, "M_ME_TD_1", "measured_normalised_time"},
    {35, 10, Element::kScaled, TimeTag::kLong, "M_ME_TE_1", "measured_scaled_time"},
    {36, 12, Element::kFloat, TimeTag::kLong, "M_ME_TF_1", "measured_float_time"},
    {37, 12, Element::kTotals, TimeTag::kLong, "M_IT_TB_1", "integrated_totals_time"},
    {38, 10, Element::kOpaque, TimeTag::kLong, "M_EP_TD_1", "protection_event_time"},
    {39, 11, Element::kOpaque, TimeTag::kLong, "M_EP_TE_1", "protection_start_events_time"},
    {40, 11, Element::kOpaque, TimeTag::kLong, "M_EP_TF_1", "protection_output_circuit_time"},
    {45, 1, Element::kSingleCommand, TimeTag::kNone, "C_SC_NA_1", "single_command"},
    {46, 1, Element::kDoubleCommand, TimeTag::kNone, "C_DC_NA_1", "double_command"},
    {47, 1, Element::kStepCommand, TimeTag::kNone, "C_RC_NA_1", "regulating_step_command"},
    {48, 3, Element::kSetNormalised, TimeTag::kNone, "C_SE_NA_1", "set_point_normalised"},
    {49, 3, Element::kSetScaled, TimeTag::kNone, "C_SE_NB_1", "set_point_scaled"},
    {50, 5, Element::kSetFloat, TimeTag::kNone, "C_SE_NC_1", "set_point_float"},
    {51, 4, Element::kSetBits, TimeTag::kNone, "C_BO_NA_1", "bitstring_command"},
    {58, 8, Element::kSingleCommand, TimeTag::kLong, "C_SC_TA_1", "single_command_time"},
    {59, 8, Element::kDoubleCommand, TimeTag::kLong, "C_DC_TA_1", "double_command_time"},
    {60, 8, Element::kStepCommand, TimeTag::kLong, "C_RC_TA_1", "regulating_step_command_time"},
    {61, 10, Element::kSetNormalised, TimeTag::kLong, "C_SE_TA_1", "set_point_normalised_time"},
    {62, 10, Element::kSetScaled, TimeTag::kLong, "C_SE_TB_1", "set_point_scaled_time"},
    {63, 12, Element::kSetFloat, TimeTag::kLong, "C_SE_TC_1", "set_point_float_time"},
    {64, 11, Element::kSetBits, TimeTag::kLong, "C_BO_TA_1", "bitstring_command_time"},
    {70, 1, Element::kQualifier, TimeTag::kNone, "M_EI_NA_1", "end_of_initialisation"},
    {100, 1, Element::kQualifier, TimeTag::kNone, "C_IC_NA_1", "interrogation"},
    {101, 1, Element::kQualifier, TimeTag::kNone, "C_CI_NA_1", "counter_interrogation"},
    {102, 0, Element::kNone, TimeTag::kNone, "C_RD_NA_1", "read"},
    {103, 7, Element::kNone, TimeTag::kLong, "C_CS_NA_1", "clock_synchronisation"},
    {104, 2, Element::kOpaque, TimeTag::kNone, "C_TS_NA_1", "test"},
    {105, 1, Element::kQualifier, TimeTag::kNone, "C_RP_NA_1", "reset_process"},
    {106, 2, Element::kOpaque, TimeTag::kNone, "C_CD_NA_1", "delay_acquisition"},
    {107, 9, Element::kOpaque, TimeTag::kLong, "C_TS_TA_1", "test_time"},
    {110, 3, Element::kSetNormalised, TimeTag::kNone, "P_ME_NA_1", "parameter_normalised"},
    {111, 3, Element::kSetScaled, TimeTag::kNone, "P_ME_NB_1", "parameter_scaled"},
    {112, 5, Element::kSetFloat, TimeTag::kNone, "P_ME_NC_1", "parameter_float"},
    {113, 1, Element::kQualifier, TimeTag::kNone, "P_AC_NA_1", "parameter_activation"},
    {120, 6, Element::kOpaque, TimeTag::kNone, "F_FR_NA_1", "file_ready"},
    {121, 7, Element::kOpaque, TimeTag::kNone, "F_SR_NA_1", "section_ready"},
    {122, 4, Element::kOpaque, TimeTag::kNone, "F_SC_NA_1", "call_or_select_file"},
    {123, 5, Element::kOpaque, TimeTag::kNone, "F_LS_NA_1", "last_section_or_segment"},
    {124, 4, Element::kOpaque, TimeTag::kNone, "F_AF_NA_1", "acknowledge_file"},
    {125, 0, Element::kOpaque, TimeTag::kNone, "F_SG_NA_1", "segment"},
    {126, 13, Element::kOpaque, TimeTag::kLong, "F_DR_TA_1", "directory"},
    {127, 16, Element::kOpaque, TimeTag::kNone, "F_SC_NB_1", "query_log"},
};
static_assert(std::ranges::is_sorted(kTypes, {}, &TypeInfo::type));

constexpr std::string_view kCauses[] = {
    "",
    "periodic",
    "background_scan",
    "spontaneous",
    "initialised",
    "request",
    "activation",
    "activation_con",
    "deactivation",
    "deactivation_con",
    "activation_termination",
    "return_remote",
    "return_local",
    "file_transfer",
    "authentication",
    "session_key",
    "user_role_key",
};

}  // namespace

const TypeInfo* FindType(std::uint8_t type) {
  const auto found = std::ranges::lower_bound(kTypes, type, {}, &TypeInfo::type);
  return found == std::end(kTypes) || found->type != type ? nullptr : found;
}

bool IsCommandType(std::uint8_t type) {
  return (type >= 45 && type <= 64) || (type >= 100 && type <= 113);
}

std::string_view CauseName(std::uint8_t cause) {
  if (cause < std::size(kCauses)) return kCauses[cause];
  if (cause == 20) return "interrogated";
  if (cause >= 21 && cause <= 36) return "interrogated_group";
  if (cause >= 37 && cause <= 41) return "counter_interrogated";
  switch (cause) {
    case 44:
      return "unknown_type";
    case 45:
      return "unknown_cause";
    case 46:
      return "unknown_common_address";
    case 47:
      return "unknown_object_address";
    default:
      return {};
  }
}

}  // namespace tapiary::capture::iec104
