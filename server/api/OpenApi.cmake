# Embeds openapi.json: sets TAPIARY_OPENAPI_SOURCE to the C++ source that holds it.
set(_openapi ${CMAKE_CURRENT_LIST_DIR})
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${_openapi}/openapi.json)
file(READ ${_openapi}/openapi.json TAPIARY_OPENAPI_TEXT)
set(TAPIARY_OPENAPI_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/openapi_document.cc)
configure_file(${_openapi}/openapi_document.cc.in ${TAPIARY_OPENAPI_SOURCE} @ONLY)
