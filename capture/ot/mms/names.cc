#include "capture/ot/mms/names.h"

#include <iterator>

namespace tapiary::capture::mms {
namespace {

struct Name {
  std::uint32_t number;
  std::string_view name;
};

constexpr Name kServices[] = {
    {0, "status"},
    {1, "get_name_list"},
    {2, "identify"},
    {3, "rename"},
    {4, "read"},
    {5, "write"},
    {6, "get_variable_access_attributes"},
    {7, "define_named_variable"},
    {10, "delete_variable_access"},
    {11, "define_named_variable_list"},
    {12, "get_named_variable_list_attributes"},
    {13, "delete_named_variable_list"},
    {14, "define_named_type"},
    {15, "get_named_type_attributes"},
    {16, "delete_named_type"},
    {17, "input"},
    {18, "output"},
    {19, "take_control"},
    {20, "relinquish_control"},
    {21, "define_semaphore"},
    {22, "delete_semaphore"},
    {23, "report_semaphore_status"},
    {24, "report_pool_semaphore_status"},
    {25, "report_semaphore_entry_status"},
    {26, "initiate_download_sequence"},
    {27, "download_segment"},
    {28, "terminate_download_sequence"},
    {29, "initiate_upload_sequence"},
    {30, "upload_segment"},
    {31, "terminate_upload_sequence"},
    {32, "request_domain_download"},
    {33, "request_domain_upload"},
    {34, "load_domain_content"},
    {35, "store_domain_content"},
    {36, "delete_domain"},
    {37, "get_domain_attributes"},
    {38, "create_program_invocation"},
    {39, "delete_program_invocation"},
    {40, "start"},
    {41, "stop"},
    {42, "resume"},
    {43, "reset"},
    {44, "kill"},
    {45, "get_program_invocation_attributes"},
    {46, "obtain_file"},
    {47, "define_event_condition"},
    {48, "delete_event_condition"},
    {49, "get_event_condition_attributes"},
    {50, "report_event_condition_status"},
    {51, "alter_event_condition_monitoring"},
    {52, "trigger_event"},
    {53, "define_event_action"},
    {54, "delete_event_action"},
    {57, "define_event_enrollment"},
    {58, "delete_event_enrollment"},
    {59, "alter_event_enrollment"},
    {62, "acknowledge_event_notification"},
    {63, "get_alarm_summary"},
    {64, "get_alarm_enrollment_summary"},
    {65, "read_journal"},
    {66, "write_journal"},
    {67, "initialize_journal"},
    {68, "report_journal_status"},
    {69, "create_journal"},
    {70, "delete_journal"},
    {71, "get_capability_list"},
    {72, "file_open"},
    {73, "file_read"},
    {74, "file_close"},
    {75, "file_rename"},
    {76, "file_delete"},
    {77, "file_directory"},
};

constexpr Name kObjectClasses[] = {
    {0, "named_variable"}, {1, "scattered_access"},    {2, "named_variable_list"},
    {3, "named_type"},     {4, "semaphore"},           {5, "event_condition"},
    {6, "event_action"},   {7, "event_enrollment"},    {8, "journal"},
    {9, "domain"},         {10, "program_invocation"}, {11, "operator_station"},
};

constexpr Name kAccessErrors[] = {
    {0, "object_invalidated"},
    {1, "hardware_fault"},
    {2, "temporarily_unavailable"},
    {3, "object_access_denied"},
    {4, "object_undefined"},
    {5, "invalid_address"},
    {6, "type_unsupported"},
    {7, "type_inconsistent"},
    {8, "object_attribute_inconsistent"},
    {9, "object_access_unsupported"},
    {10, "object_non_existent"},
    {11, "object_value_invalid"},
};

constexpr Name kErrorClasses[] = {
    {0, "vmd_state"},       {1, "application_reference"},
    {2, "definition"},      {3, "resource"},
    {4, "service"},         {5, "service_preempt"},
    {6, "time_resolution"}, {7, "access"},
    {8, "initiate"},        {9, "conclude"},
    {10, "cancel"},         {11, "file"},
    {12, "others"},
};

template <std::size_t size>
std::string_view Find(const Name (&names)[size], std::uint64_t number) {
  for (const Name& name : names) {
    if (name.number == number) return name.name;
  }
  return {};
}

}  // namespace

std::string_view ServiceName(std::uint32_t tag) {
  const std::string_view name = Find(kServices, tag);
  return name.empty() ? "unknown_service" : name;
}

std::string_view UnconfirmedName(std::uint32_t tag) {
  switch (tag) {
    case 0:
      return "information_report";
    case 1:
      return "unsolicited_status";
    case 2:
      return "event_notification";
    default:
      return "unknown_unconfirmed";
  }
}

std::string_view ObjectClassName(std::int64_t number) {
  const std::string_view name = Find(kObjectClasses, static_cast<std::uint64_t>(number));
  return name.empty() ? "unknown" : name;
}

std::string_view AccessErrorName(std::int64_t number) {
  return Find(kAccessErrors, static_cast<std::uint64_t>(number));
}

std::string_view ErrorClassName(std::uint32_t number) {
  return Find(kErrorClasses, number);
}

}  // namespace tapiary::capture::mms
