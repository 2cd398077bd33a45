# cmake -DPREFIX=... -DSOURCE=... [-DOPTIONS=...] -P install.cmake: a fresh installation of carpool, as a packager makes it.
set(work "${PREFIX}-build")
file(REMOVE_RECURSE "${PREFIX}" "${work}")
execute_process(COMMAND "${CMAKE_COMMAND}" -S "${SOURCE}" -B "${work}" -G "${GENERATOR}" -DCMAKE_CXX_COMPILER=${COMPILER}
                        -DCARPOOL_BUILD_TESTS=OFF -DCARPOOL_BUILD_BENCHMARKS=OFF -DCARPOOL_BUILD_EXAMPLES=OFF ${OPTIONS}
                COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND "${CMAKE_COMMAND}" --install "${work}" --prefix "${PREFIX}" COMMAND_ERROR_IS_FATAL ANY)
