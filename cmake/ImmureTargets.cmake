# How every target of the project is compiled and linked: one place for language, warnings and hardening.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
if(IMMURE_SANITIZE)
  # For the lines of a report: a fifth less to compile.
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1")
else()
  set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g")
endif()
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1")

add_library(immure_options INTERFACE)
target_include_directories(immure_options INTERFACE ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR}/generated)
target_compile_definitions(immure_options INTERFACE _GNU_SOURCE IMMURE_VERSION="${PROJECT_VERSION}")
target_compile_options(immure_options INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror
  # __extension__({...}) in IMMURE_TRY is a deliberate use of a GNU extension.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-gnu-statement-expression>
  -fstack-protector-strong -fstack-clash-protection -fcf-protection=full
  -ftrivial-auto-var-init=zero -fno-strict-overflow
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}=.)
target_compile_definitions(immure_options INTERFACE _GLIBCXX_ASSERTIONS)
target_link_options(immure_options INTERFACE
  -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed)

if(IMMURE_SANITIZE)
  # Where the sanitizers' run time itself would be shut out: compilers have no macro of one name for this.
  target_compile_definitions(immure_options INTERFACE IMMURE_SANITIZED)
  target_compile_options(immure_options INTERFACE
    -fsanitize=${IMMURE_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer
    # g++ 12 warns falsely, in the standard library's own headers, where it instruments (GCC bug 105562).
    $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(immure_options INTERFACE -fsanitize=${IMMURE_SANITIZE})
else()
  # _FORTIFY_SOURCE and the sanitizers instrument the same calls.
  target_compile_options(immure_options INTERFACE -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
endif()

# Product code handles errors as values and cannot throw.
add_library(immure_no_exceptions INTERFACE)
target_compile_options(immure_no_exceptions INTERFACE -fno-exceptions)

# immure_library(NAME [EXCEPTIONS] SOURCES ... [DEPENDS ...]): a static library of product code.
function(immure_library name)
  cmake_parse_arguments(arg "EXCEPTIONS" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_link_libraries(${name} PUBLIC immure_options ${arg_DEPENDS})
  if(NOT arg_EXCEPTIONS)
    target_link_libraries(${name} PRIVATE immure_no_exceptions)
  endif()
endfunction()

# immure_program(NAME [EXCEPTIONS] [STATIC_PIE] SOURCES ... [DEPENDS ...]): an executable in build/PRESET/bin.
function(immure_program name)
  cmake_parse_arguments(arg "EXCEPTIONS;STATIC_PIE" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE immure_options ${arg_DEPENDS})
  if(NOT arg_EXCEPTIONS)
    target_link_libraries(${name} PRIVATE immure_no_exceptions)
  endif()
  if(arg_STATIC_PIE AND NOT IMMURE_SANITIZE)
    target_link_options(${name} PRIVATE -static-pie)
  elseif(IMMURE_SANITIZE)
    target_link_options(${name} PRIVATE -pie)
  else()
    # A launch starts several of them: a quarter of the instructions until main() looked up libstdc++'s symbols.
    target_link_options(${name} PRIVATE -pie -static-libstdc++ -static-libgcc)
  endif()
endfunction()

# For what is compiled more often than it runs, and is not measured: half the time. Without optimisation there is no
# _FORTIFY_SOURCE; -g1 is enough for a backtrace. (SHELL: keeps CMake from leaving out an option that it has seen before.)
add_library(immure_quick_to_compile INTERFACE)
target_compile_options(immure_quick_to_compile INTERFACE "SHELL:$<$<CONFIG:Debug>:-O0 -g1 -U_FORTIFY_SOURCE>")

# immure_unit_tests(SUBJECT SOURCES ... [DEPENDS ...]): Catch2 tests of one folder, run by ctest one by one.
function(immure_unit_tests subject)
  cmake_parse_arguments(arg "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(test-${subject} ${arg_SOURCES})
  target_link_libraries(test-${subject} PRIVATE immure_options immure_quick_to_compile Catch2::Catch2WithMain ${arg_DEPENDS})
  catch_discover_tests(test-${subject} TEST_PREFIX "${subject}: " PROPERTIES LABELS unit)
endfunction()
