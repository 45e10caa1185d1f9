# The records and the meter as a whole.
tapiary_test(
  capture_meter_test
  SOURCES json_writer_test.cc meter_test.cc record_json_test.cc records_test.cc
          support/meter_run.cc support/packet_builder.cc
  LINK tapiary::capture nlohmann_json::nlohmann_json)
