"""What the runner answers: questions, context, files, and the summary of a sports watch."""
