;; Imports `history` of the contract and does not declare it, which is refused by name.

(component
  (import "lifeos:task/history@0.1.0" (instance))
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32 i32 i32 i64) (result i32)
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (type $record (record (field "options" string) (field "instruction" (option string)) (field "now" s64)))
  (export $input "input" (type $record))
  (type $run (func (param "input" $input) (result (result (error string)))))
  (func $run (type $run) (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (export "run" (func $run)))
