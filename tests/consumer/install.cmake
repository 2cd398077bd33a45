# cmake -DPREFIX=... -DSOURCE=... [-DOPTIONS=...] -P install.cmake: a fresh installation of carpool, as everybody makes it.
# There is nothing to build, so that nothing may be built.
set(work "${PREFIX}-build")
file(REMOVE_RECURSE "${PREFIX}" "${work}")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${work}" -G "${GENERATOR}" -DCMAKE_CXX_COMPILER=${COMPILER} ${OPTIONS}
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --build "${work}" --verbose OUTPUT_VARIABLE built COMMAND_ERROR_IS_FATAL ANY)
if(built MATCHES " -c ")
  message(FATAL_ERROR "The build of a library of headers compiled something:\n${built}")
endif()
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${work}" --prefix "${PREFIX}" COMMAND_ERROR_IS_FATAL ANY)
