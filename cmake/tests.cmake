# tests/<kind>/<layer>_<thing>.c is one test program that links the library of <layer> (and what that
# library links). Criterion runs each test in a process of its own.
pkg_check_modules(CRITERION REQUIRED IMPORTED_TARGET criterion)

# Every cr_assert() assigns a truth value to a bit field, which gcc calls a conversion; clang, which does
# not, keeps the warning on. Linked last, so that the option comes after the one it takes back.
add_library(instinct_test_flags INTERFACE)
target_compile_options(instinct_test_flags INTERFACE $<$<C_COMPILER_ID:GNU>:-Wno-conversion>)

add_library(instinct_test_limit OBJECT tests/limit.c)
target_link_libraries(instinct_test_limit PRIVATE instinct_flags PkgConfig::CRITERION
	instinct_test_flags)

file(GLOB tests CONFIGURE_DEPENDS tests/unit/*.c tests/driver/*.c tests/behave/*.c tests/replay/*.c
	tests/fault/*.c)
foreach(source ${tests})
	get_filename_component(name ${source} NAME_WE)
	string(REGEX MATCH "^[a-z0-9]+" layer ${name})
	add_executable(test_${name} ${source})
	set_target_properties(test_${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY
		${CMAKE_BINARY_DIR}/tests)
	target_link_libraries(test_${name} PRIVATE instinct_${layer} instinct_flags
		PkgConfig::CRITERION instinct_test_limit instinct_test_flags)
	if(source MATCHES "/tests/driver/") # chips are played by their models
		target_link_libraries(test_${name} PRIVATE instinct_emul)
	endif()
	target_compile_definitions(test_${name} PRIVATE INSTINCT_SOURCE="${CMAKE_SOURCE_DIR}"
		INSTINCT_BUILD="${CMAKE_BINARY_DIR}")
	add_test(NAME ${name} COMMAND test_${name} --jobs 2)
	# A leak is reported when the test's process ends, after Criterion has judged it.
	set_tests_properties(${name} PROPERTIES TIMEOUT 1800
		FAIL_REGULAR_EXPRESSION "ERROR: LeakSanitizer")
endforeach()

# tests/system/<thing>.sh runs the real programs as a user would; exit 77 means skipped.
file(GLOB system_tests CONFIGURE_DEPENDS tests/system/*.sh)
list(FILTER system_tests EXCLUDE REGEX "/lib\\.sh$")
foreach(script ${system_tests})
	get_filename_component(name ${script} NAME_WE)
	add_test(NAME system_${name} COMMAND ${script})
	set_tests_properties(system_${name} PROPERTIES TIMEOUT 1800 SKIP_RETURN_CODE 77
		ENVIRONMENT "INSTINCT_BUILD=${CMAKE_BINARY_DIR};INSTINCT_SOURCE=${CMAKE_SOURCE_DIR}"
		FAIL_REGULAR_EXPRESSION "ERROR: (Leak|Address)Sanitizer|runtime error:")
endforeach()

include(cmake/fuzz.cmake)
add_subdirectory(bench)
