# tests/fuzz/fuzz_<layer>_<thing>.c is one fuzz target over the library of <layer>, with the corpus
# tests/corpus/<thing>/. With -DINSTINCT_FUZZ=ON (clang; take -DINSTINCT_SANITIZE=address,undefined too)
# each is a libFuzzer program, which keeps what it finds in its first directory:
#
#   fuzz/fuzz_base_config FOUND_DIR tests/corpus/config
#
# Without, each is an ordinary test: the corpus and some thousand mutations of it.
if(INSTINCT_FUZZ)
	target_compile_options(instinct_flags INTERFACE
		$<$<COMPILE_LANGUAGE:C>:-fsanitize=fuzzer-no-link>)
endif()

file(GLOB fuzz_targets CONFIGURE_DEPENDS tests/fuzz/fuzz_*.c)
foreach(source ${fuzz_targets})
	get_filename_component(name ${source} NAME_WE)
	string(REGEX MATCH "^fuzz_([a-z0-9]+)_(.+)$" matched ${name})
	set(layer ${CMAKE_MATCH_1})
	set(corpus ${CMAKE_SOURCE_DIR}/tests/corpus/${CMAKE_MATCH_2})
	add_executable(${name} ${source})
	target_link_libraries(${name} PRIVATE instinct_${layer} instinct_flags)
	set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/fuzz)
	if(INSTINCT_FUZZ)
		target_link_options(${name} PRIVATE -fsanitize=fuzzer)
	else()
		target_sources(${name} PRIVATE tests/fuzz/standalone.c)
		add_test(NAME ${name} COMMAND ${name} ${corpus})
		set_tests_properties(${name} PROPERTIES TIMEOUT 1800)
	endif()
endforeach()
