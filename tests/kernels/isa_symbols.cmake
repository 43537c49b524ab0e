# SPDX-License-Identifier: Apache-2.0
# Object files compiled for one instruction set may define their own table and nothing that the linker could take in place
# of another file's: no weak or unique symbols.
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND ${NM} --defined-only ${object} OUTPUT_VARIABLE symbols COMMAND_ERROR_IS_FATAL ANY)
  if(symbols MATCHES " [WVwvu] ")
    message(FATAL_ERROR "${object} has symbols that are shared with other files:\n${symbols}")
  endif()
  if(NOT symbols MATCHES " [DdRrBb] [^\n]*isa_")
    message(FATAL_ERROR "${object} has no table:\n${symbols}")
  endif()
endforeach()
