# Compiler and linker flags that every target of ours shares.
add_library(instinct_flags INTERFACE)
target_compile_definitions(instinct_flags INTERFACE _GNU_SOURCE
	INSTINCT_VERSION="${PROJECT_VERSION}")
target_include_directories(instinct_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(instinct_flags INTERFACE
	$<$<COMPILE_LANGUAGE:C>:-Wall;-Wextra;-Wpedantic;-Wshadow;-Wconversion;-Wundef;-Wvla;-Wdouble-promotion;-Wmissing-prototypes;-Wstrict-prototypes>
	# Large frames must touch every guard page on their way down (tasks live on small stacks).
	-fstack-clash-protection -fno-omit-frame-pointer)
# No lazy binding: the resolver would run on, and use up, a task's stack.
target_link_options(instinct_flags INTERFACE -Wl,-z,now -Wl,--as-needed)
if(INSTINCT_WERROR)
	target_compile_options(instinct_flags INTERFACE $<$<COMPILE_LANGUAGE:C>:-Werror>)
endif()
if(INSTINCT_SANITIZE)
	target_compile_options(instinct_flags INTERFACE -fsanitize=${INSTINCT_SANITIZE}
		-fno-sanitize-recover=all)
	target_link_options(instinct_flags INTERFACE -fsanitize=${INSTINCT_SANITIZE})
endif()
