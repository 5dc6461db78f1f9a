#!/bin/bash
# A cohort in 40 shares as a job array of SLURM:
#   jobs=$(sbatch --parsable slurm_array.sh manifest.csv results)
#   sbatch --dependency=afterok:$jobs --wrap "tremor merge results"
# PBS and LSF: put $PBS_ARRAY_INDEX or $LSB_JOBINDEX in the place of $SLURM_ARRAY_TASK_ID.
#SBATCH --job-name=tremor
#SBATCH --array=1-40
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --time=04:00:00
set -euo pipefail

shares=${SLURM_ARRAY_TASK_COUNT:-40}
status=0
tremor batch "$1" --out "$2" --shard "$SLURM_ARRAY_TASK_ID/$shares" --resume -q || status=$?
# 7 says that some captures failed, which is no fault of the job: summary.csv names them.
[ "$status" -eq 7 ] || exit "$status"
