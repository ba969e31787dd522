// Reporting findings from a task.

export { report } from 'lifeos:task/findings@0.1.0';
