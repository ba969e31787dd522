;; Calls itself with frames on the stack of the machine alone, until that is exhausted (case 6).

(component
  (core module $m
    (func $deep (param i64) (result i64) (i64.add (i64.const 1) (call $deep (local.get 0))))
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32 i32 i32 i64) (result i32)
      (drop (call $deep (i64.const 0)))
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (type $record (record (field "options" string) (field "instruction" (option string)) (field "now" s64)))
  (export $input "input" (type $record))
  (type $run (func (param "input" $input) (result (result (error string)))))
  (func $run (type $run) (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (export "run" (func $run)))
