#include "capture/ot/opcua/names.h"

#include <fmt/format.h>

#include <iterator>

namespace tapiary::capture::opcua {
namespace {

constexpr Service kServices[] = {
    {422, "find_servers"},
    {428, "get_endpoints"},
    {437, "register_server"},
    {446, "open_secure_channel"},
    {452, "close_secure_channel"},
    {461, "create_session"},
    {467, "activate_session"},
    {473, "close_session"},
    {479, "cancel"},
    {488, "add_nodes"},
    {494, "add_references"},
    {500, "delete_nodes"},
    {506, "delete_references"},
    {527, "browse"},
    {533, "browse_next"},
    {554, "translate_browse_paths_to_node_ids"},
    {560, "register_nodes"},
    {566, "unregister_nodes"},
    {615, "query_first"},
    {621, "query_next"},
    {631, "read"},
    {664, "history_read"},
    {673, "write"},
    {700, "history_update"},
    {712, "call"},
    {751, "create_monitored_items"},
    {763, "modify_monitored_items"},
    {769, "set_monitoring_mode"},
    {775, "set_triggering"},
    {781, "delete_monitored_items"},
    {787, "create_subscription"},
    {793, "modify_subscription"},
    {799, "set_publishing_mode"},
    {826, "publish"},
    {832, "republish"},
    {841, "transfer_subscriptions"},
    {847, "delete_subscriptions"},
    {12208, "find_servers_on_network"},
    {12211, "register_server2"},
};

struct Status {
  std::uint32_t code;
  std::string_view name;
};
constexpr Status kStatuses[] = {
    {0x00000000, "good"},
    {0x80010000, "bad_unexpected_error"},
    {0x80020000, "bad_internal_error"},
    {0x80030000, "bad_out_of_memory"},
    {0x80040000, "bad_resource_unavailable"},
    {0x80050000, "bad_communication_error"},
    {0x80060000, "bad_encoding_error"},
    {0x80070000, "bad_decoding_error"},
    {0x80080000, "bad_encoding_limits_exceeded"},
    {0x80090000, "bad_unknown_response"},
    {0x800a0000, "bad_timeout"},
    {0x800b0000, "bad_service_unsupported"},
    {0x800c0000, "bad_shutdown"},
    {0x800d0000, "bad_server_not_connected"},
    {0x800e0000, "bad_server_halted"},
    {0x800f0000, "bad_nothing_to_do"},
    {0x80100000, "bad_too_many_operations"},
    {0x80120000, "bad_certificate_invalid"},
    {0x80130000, "bad_security_checks_failed"},
    {0x80140000, "bad_certificate_time_invalid"},
    {0x801a0000, "bad_certificate_untrusted"},
    {0x801f0000, "bad_user_access_denied"},
    {0x80200000, "bad_identity_token_invalid"},
    {0x80210000, "bad_identity_token_rejected"},
    {0x80220000, "bad_secure_channel_id_invalid"},
    {0x80250000, "bad_session_id_invalid"},
    {0x80260000, "bad_session_closed"},
    {0x80270000, "bad_session_not_activated"},
    {0x80280000, "bad_subscription_id_invalid"},
    {0x80330000, "bad_node_id_invalid"},
    {0x80340000, "bad_node_id_unknown"},
    {0x80350000, "bad_attribute_id_invalid"},
    {0x80360000, "bad_index_range_invalid"},
    {0x803a0000, "bad_not_readable"},
    {0x803b0000, "bad_not_writable"},
    {0x803c0000, "bad_out_of_range"},
    {0x803d0000, "bad_not_supported"},
    {0x80540000, "bad_security_mode_rejected"},
    {0x80550000, "bad_security_policy_rejected"},
    {0x80560000, "bad_too_many_sessions"},
    {0x805e0000, "bad_node_id_exists"},
    {0x80730000, "bad_write_not_supported"},
    {0x80740000, "bad_type_mismatch"},
    {0x80750000, "bad_method_invalid"},
    {0x80760000, "bad_arguments_missing"},
    {0x80780000, "bad_too_many_publish_requests"},
    {0x80790000, "bad_no_subscription"},
    {0x807d0000, "bad_tcp_server_too_busy"},
    {0x807e0000, "bad_tcp_message_type_invalid"},
    {0x807f0000, "bad_tcp_secure_channel_unknown"},
    {0x80800000, "bad_tcp_message_too_large"},
    {0x80820000, "bad_tcp_internal_error"},
    {0x80830000, "bad_tcp_endpoint_url_invalid"},
    {0x80860000, "bad_secure_channel_closed"},
    {0x80be0000, "bad_protocol_version_unsupported"},
};

}  // namespace

const Service* FindService(std::uint32_t id) {
  for (const Service& service : kServices) {
    if (id == service.request || id == service.request + 3) return &service;
  }
  return nullptr;
}

std::string StatusName(std::uint32_t status) {
  for (const Status& known : kStatuses) {
    if (known.code == (status & 0xffff0000)) return std::string(known.name);
  }
  return fmt::format("0x{:08x}", status);
}

std::string AttributeName(std::uint32_t attribute) {
  static constexpr std::string_view kNames[] = {
      "node_id",
      "node_class",
      "browse_name",
      "display_name",
      "description",
      "write_mask",
      "user_write_mask",
      "is_abstract",
      "symmetric",
      "inverse_name",
      "contains_no_loops",
      "event_notifier",
      "value",
      "data_type",
      "value_rank",
      "array_dimensions",
      "access_level",
      "user_access_level",
      "minimum_sampling_interval",
      "historizing",
      "executable",
      "user_executable",
  };
  if (attribute >= 1 && attribute <= std::size(kNames)) return std::string(kNames[attribute - 1]);
  return fmt::format("attribute_{}", attribute);
}

std::string_view SecurityModeName(std::uint32_t mode) {
  static constexpr std::string_view kNames[] = {"invalid", "none", "sign", "sign_and_encrypt"};
  return mode < std::size(kNames) ? kNames[mode] : "unknown";
}

}  // namespace tapiary::capture::opcua
