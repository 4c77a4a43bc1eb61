# Runs PROGRAM as a reader of README.md would, on any free port for its control plane.
execute_process(COMMAND ${PROGRAM} run --log-format logfmt --set control.port=0
  OUTPUT_VARIABLE printed ERROR_VARIABLE logged RESULT_VARIABLE exit_code)
set(expected "4.5\n5.5\n6.5\n7.5\n8.5 hot\n9.5 hot\n")
if(NOT exit_code EQUAL 0 OR NOT printed STREQUAL expected)
  message(FATAL_ERROR "hello ended with ${exit_code} and printed\n${printed}\nand logged\n${logged}")
endif()
if(NOT logged MATCHES "drained=true left_in_flight=0")
  message(FATAL_ERROR "hello did not say that it drained; it logged\n${logged}")
endif()
