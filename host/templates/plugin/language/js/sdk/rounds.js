// What became of the proposal of the round before (capability `rounds`).

export { previous } from 'lifeos:task/rounds@0.1.0';
