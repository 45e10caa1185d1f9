# tapiary_library(NAME SOURCES ... HEADERS ... PUBLIC ... PRIVATE ...)
#
# One library per top-level folder: libtapiary_NAME with the alias tapiary::NAME. Sources and headers
# are listed, never globbed. Each header must compile alone (target all_verify_interface_header_sets).
# PUBLIC and PRIVATE are link lines; a third-party library belongs under PRIVATE.
#
# tapiary_test(NAME SOURCES ... LINK ...)   a GoogleTest program, registered with CTest.
# tapiary_executable(NAME SOURCES ... LINK ...)   a program in bin/.

include(CMakeParseArguments)

add_library(tapiary_options INTERFACE)
target_compile_options(
  tapiary_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                            -Wnon-virtual-dtor -Woverloaded-virtual -Werror -fstack-protector-strong)
target_include_directories(tapiary_options INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(tapiary_options INTERFACE TAPIARY_VERSION="${PROJECT_VERSION}")

function(tapiary_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;HEADERS;PUBLIC;PRIVATE" ${ARGN})
  add_library(tapiary_${name} STATIC ${ARG_SOURCES})
  add_library(tapiary::${name} ALIAS tapiary_${name})
  target_sources(tapiary_${name} PUBLIC FILE_SET HEADERS BASE_DIRS ${CMAKE_SOURCE_DIR}
                                        FILES ${ARG_HEADERS})
  set_target_properties(tapiary_${name} PROPERTIES VERIFY_INTERFACE_HEADER_SETS ON)
  target_link_libraries(tapiary_${name} PUBLIC tapiary_options ${ARG_PUBLIC} PRIVATE ${ARG_PRIVATE})
endfunction()

function(tapiary_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tapiary_options ${ARG_LINK})
  install(TARGETS ${name})
endfunction()

function(tapiary_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINK" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE tapiary_options ${ARG_LINK} GTest::gmock GTest::gtest_main)
  gtest_discover_tests(${name} DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()
