;; Writes one line of log by the contract: where a host function is made to panic (case 28).

(component
  (import "lifeos:task/log@0.1.0" (instance $log
    (type $e (enum "debug" "info" "warn"))
    (export "level" (type $level (eq $e)))
    (export "write" (func (param "level" $level) (param "text" string)))))
  (core module $memory (memory (export "memory") 1) (data (i32.const 0) "said"))
  (core instance $memory (instantiate $memory))
  (core func $write (canon lower (func $log "write") (memory $memory "memory")))
  (core module $m
    (import "log" "write" (func $write (param i32 i32 i32)))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32 i32 i32 i64) (result i32)
      (call $write (i32.const 1) (i32.const 0) (i32.const 4))
      (i32.const 16)))
  (core instance $i (instantiate $m (with "log" (instance (export "write" (func $write))))))
  (type $record (record (field "options" string) (field "instruction" (option string)) (field "now" s64)))
  (export $input "input" (type $record))
  (type $run (func (param "input" $input) (result (result (error string)))))
  (func $run (type $run) (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (export "run" (func $run)))
