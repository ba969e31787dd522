;; Grows a table without end and stops at limits.table_elements_max (case 26).

(component
  (core module $m
    (table $t 1 funcref)
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 1024))
    (func (export "run") (param i32 i32 i32 i32 i32 i64) (result i32)
      (drop (table.grow $t (ref.null func) (i32.const 0x7fffffff)))
      (i32.const 16)))
  (core instance $i (instantiate $m))
  (type $record (record (field "options" string) (field "instruction" (option string)) (field "now" s64)))
  (export $input "input" (type $record))
  (type $run (func (param "input" $input) (result (result (error string)))))
  (func $run (type $run) (canon lift (core func $i "run") (memory $i "memory") (realloc (func $i "realloc"))))
  (export "run" (func $run)))
