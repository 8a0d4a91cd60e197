# Installs Shoal for the user who runs this: no administrator, one folder and one entry in the user's PATH.
#   powershell -ExecutionPolicy Bypass -File install.ps1 [-Uninstall]
param([switch]$Uninstall)
$ErrorActionPreference = 'Stop'
$program = Join-Path $env:LOCALAPPDATA 'Programs\Shoal'
$path = [Environment]::GetEnvironmentVariable('Path', 'User')
$others = @($path -split ';' | Where-Object { $_ -and $_ -ne $program })

if ($Uninstall) {
  if (Test-Path $program) { Remove-Item -Recurse -Force $program }
  [Environment]::SetEnvironmentVariable('Path', ($others -join ';'), 'User')
  Write-Output "Removed $program. Settings and shared files are still there; they are yours."
  exit 0
}

$new = "$program.new"
if (Test-Path $new) { Remove-Item -Recurse -Force $new }
New-Item -ItemType Directory -Force $new | Out-Null
foreach ($part in 'app', 'node', 'VERSION', 'shoal.cmd') {
  Copy-Item -Recurse -Force (Join-Path $PSScriptRoot $part) $new
}
if (Test-Path $program) { Remove-Item -Recurse -Force $program }
Move-Item $new $program
[Environment]::SetEnvironmentVariable('Path', (($others + $program) -join ';'), 'User')
Write-Output "Installed Shoal in $program. Open a new terminal and type: shoal help"
