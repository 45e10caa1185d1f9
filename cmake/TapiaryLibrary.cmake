# tapiary_library(NAME SOURCES ... HEADERS ... PUBLIC ... PRIVATE ...)
#
# One library per top-level folder: libtapiary_NAME with the alias tapiary::NAME. Sources and headers
# are listed, never globbed. Each header must compile alone: one with a source of its name does so as
# that source's first include (scripts/lint/check.py), the others in all_verify_interface_header_sets.
# PUBLIC and PRIVATE are link lines; a third-party library belongs under PRIVATE.
#
# tapiary_test(NAME SOURCES ... LINK ...)   a GoogleTest program, registered with CTest.
# tapiary_executable(NAME SOURCES ... LINK ...)   a program in bin/.
# tapiary_link_time(TARGET)   a library or program to be optimised across its files when linked.

include(CMakeParseArguments)

add_library(tapiary_options INTERFACE)
target_compile_options(
  tapiary_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                            -Wnon-virtual-dtor -Woverloaded-virtual -Werror -fstack-protector-strong)
target_include_directories(tapiary_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(tapiary_options INTERFACE TAPIARY_VERSION="${PROJECT_VERSION}")

# Optimised programs are optimised as a whole where the packet path is (tapiary_link_time): its calls
# go from file to file. The objects hold plain code too, which tests link, because that is quick.
set(TAPIARY_LINK_TIME OFF)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_BUILD_TYPE MATCHES "^Rel")
  set(TAPIARY_LINK_TIME ON)
endif()

function(tapiary_link_time target)
  if(NOT TAPIARY_LINK_TIME)
    return()
  endif()
  get_target_property(type ${target} TYPE)
  if(type STREQUAL "EXECUTABLE")
    # The warning is about a string_view's find, whose length the linker no longer knows.
    target_link_options(${target} PRIVATE -O2 -flto=auto -Wno-stringop-overread)
  else()
    target_compile_options(${target} PRIVATE -flto -ffat-lto-objects)
  endif()
endfunction()

# A program for tests: linked from the plain code.
function(tapiary_link_plain target)
  if(TAPIARY_LINK_TIME)
    target_link_options(${target} PRIVATE -fno-lto)
  endif()
endfunction()

function(tapiary_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  add_library(tapiary_${name} STATIC ${ARG_SOURCES})
  add_library(tapiary::${name} ALIAS tapiary_${name})
  set(without_source ${ARG_HEADERS})
  list(TRANSFORM ARG_SOURCES REPLACE "\\.cc$" ".h" OUTPUT_VARIABLE with_source)
  list(REMOVE_ITEM without_source ${with_source})
  list(REMOVE_ITEM ARG_HEADERS ${without_source})
  target_sources(tapiary_${name} PUBLIC
    FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${ARG_HEADERS}
    FILE_SET without_source TYPE HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR} FILES ${without_source})
  set_target_properties(tapiary_${name} PROPERTIES
    VERIFY_INTERFACE_HEADER_SETS ON INTERFACE_HEADER_SETS_TO_VERIFY without_source)
  target_link_libraries(tapiary_${name} PUBLIC tapiary_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

function(tapiary_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tapiary_options ${ARG_LINK})
  tapiary_link_time(${name})
  install(TARGETS ${name})
endfunction()

# What nearly every test includes, read once for all of them.
function(tapiary_test_headers)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/test_headers.cc CONTENT "")
  add_library(tapiary_test_headers OBJECT ${CMAKE_BINARY_DIR}/test_headers.cc)
  target_link_libraries(tapiary_test_headers PRIVATE tapiary_options GTest::gmock)
  target_compile_options(tapiary_test_headers PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
  target_precompile_headers(tapiary_test_headers PRIVATE
    <gmock/gmock.h> <gtest/gtest.h> <nlohmann/json.hpp> <algorithm> <atomic> <chrono> <deque>
    <filesystem> <fstream> <functional> <map> <optional> <random> <span> <sstream> <string> <thread>
    <unordered_map> <variant> <vector>)
endfunction()

function(tapiary_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tapiary_options ${ARG_LINK} GTest::gmock GTest::gtest_main)
  # Tests' own code need not be fast, and compiles a third faster so; what they test is as it ships.
  target_compile_options(${name} PRIVATE $<$<CONFIG:RelWithDebInfo>:-O0>)
  target_precompile_headers(${name} REUSE_FROM tapiary_test_headers)
  tapiary_link_plain(${name})
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()
