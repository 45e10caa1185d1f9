# Builds server/web/app with npm and embeds it: sets TAPIARY_WEB_SOURCE to the C++ source with the
# page's files. Needs Node 18 or newer with npm; TAPIARY_WEB=OFF builds a collector without a page.
option(TAPIARY_WEB "Build the web page (needs nodejs and npm)" ON)

set(_web ${CMAKE_CURRENT_LIST_DIR})
if(TAPIARY_WEB)
  find_program(TAPIARY_NPM npm)
  if(NOT TAPIARY_NPM)
    message(FATAL_ERROR "npm is not installed (packages nodejs, npm); -DTAPIARY_WEB=OFF does without")
  endif()
  file(GLOB_RECURSE _web_inputs CONFIGURE_DEPENDS ${_web}/app/src/* ${_web}/app/public/*)
  list(APPEND _web_inputs ${_web}/build_app.sh ${_web}/embed.mjs)
  foreach(_name index.html package.json package-lock.json svelte.config.js tsconfig.json
                vite.config.ts licenses.ts)
    list(APPEND _web_inputs ${_web}/app/${_name})
  endforeach()
  set(TAPIARY_WEB_SOURCE ${CMAKE_CURRENT_BINARY_DIR}/web_assets.cc)
  add_custom_command(
    OUTPUT ${TAPIARY_WEB_SOURCE}
    COMMAND ${_web}/build_app.sh ${_web}/app ${CMAKE_CURRENT_BINARY_DIR}/web_app
            ${TAPIARY_WEB_SOURCE}
    DEPENDS ${_web_inputs}
    COMMENT "Building the web page"
    VERBATIM)
else()
  set(TAPIARY_WEB_SOURCE ${_web}/assets_none.cc)
endif()
